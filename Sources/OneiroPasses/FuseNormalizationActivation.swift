import OneiroGraph

/// SiLU(GroupNormalization(x))  →  ai.oneiro.FusedGroupNormalization(x), one walk over memory less.
///
///     x ── GroupNormalization ── n ── SiLU ── y        →        x ── FusedGroupNormalization <SiLU> ── y
///
/// HardSwish, Relu, Sigmoid, Tanh and Gelu likewise. Stands back when `n` has a second reader or is a graph output.
struct FuseNormalizationActivation: RewriteRule {
  let name = "fuse-normalization-activation"
  let summary = "SiLU(GroupNormalization(x)) -> FusedGroupNormalization(x)"
  let targets: Set<String> = ["GroupNormalization"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.op == OpIdentifier("GroupNormalization"), graph.types[node.outputs[0]]?.elementType == .float32,
      graph.stashesFloats(node), let reader = graph.onlyReader(of: node.outputs[0]),
      let activation = graph.activation(reader)
    else { return nil }
    var attributes = node.attributes
    attributes["stash_type"] = nil
    attributes["activation"] = .string(Array(activation.utf8))
    var patch = GraphPatch("\(node.label) and the \(activation) behind it")
    patch.remove(node, reader)
    patch.add(
      Node(
        "FusedGroupNormalization", domain: Model.oneiroDomain, name: reader.name, inputs: node.inputs,
        outputs: reader.outputs, attributes: attributes, metadata: reader.metadata))
    return patch
  }
}

extension GraphIndex {
  /// The name by which fused operators know what `node` does to each element; `nil` for anything else.
  func activation(_ node: Node) -> String? {
    switch (node.domain, node.opType) {
    case ("", "HardSwish"), ("", "Relu"), ("", "Sigmoid"), ("", "Tanh"): return node.opType
    case (Model.oneiroDomain, "SiLU"): return node.opType
    case ("", "Gelu"):
      guard case .string(let form) = node.attributes["approximate"] else { return node.opType }
      return form.elementsEqual("none".utf8) ? node.opType : nil
    default: return nil
    }
  }

  /// Whether a normalization computes its statistics in float32, as kernels here do.
  fileprivate func stashesFloats(_ node: Node) -> Bool {
    node.int("stash_type") ?? 1 == 1
  }
}
