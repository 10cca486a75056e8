import OneiroGraph

/// A normalization whose result is quantized  →  ai.oneiro.QuantizeGroupNormalization or QuantizeLayerNormalization
///
///     x ── FusedGroupNormalization ── n ── QuantizeLinear ── y        →        x ── QuantizeGroupNormalization ── y
///
/// Stands back when `n` has a second reader or is a graph output, and when y has more than one scale.
struct FuseQuantizedNormalization: RewriteRule {
  let name = "fuse-quantized-normalization"
  let summary = "QuantizeLinear of a normalization -> QuantizeGroupNormalization, QuantizeLayerNormalization"
  let targets: Set<String> = ["FusedGroupNormalization", "GroupNormalization", "LayerNormalization"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain.isEmpty || node.domain == Model.oneiroDomain, let reader = graph.onlyReader(of: node.outputs[0]),
      let ending = QuantizedEnding(reader, in: graph), node.int("stash_type") ?? 1 == 1,
      node.outputs.dropFirst().allSatisfy(\.isEmpty)
    else { return nil }
    let isLayer = node.opType == "LayerNormalization"
    var attributes = node.attributes
    attributes["stash_type"] = nil
    var patch = GraphPatch("\(node.label) and its quantization")
    patch.remove(node, reader)
    let inputs = node.inputs + [String](repeating: "", count: 3 - node.inputs.count) + ending.inputs(adding: &patch)
    patch.add(
      Node(
        isLayer ? "QuantizeLayerNormalization" : "QuantizeGroupNormalization", domain: Model.oneiroDomain,
        name: node.name, inputs: inputs, outputs: reader.outputs, attributes: attributes, metadata: node.metadata))
    return patch
  }
}
