import OneiroGraph

/// QuantizeLinear(QuantizedConv(...))  →  QuantizedConv(..., y_scale, y_zero_point), whose result is bytes
///
///     x ── QuantizedConv ── c ── QuantizeLinear ── y        →        x ── QuantizedConv ── y
///
/// The same for QuantizedGemm, also where views stand between the two. Stands back when anything between them has a
/// second reader or is a graph output, and when there are several scales.
struct FuseQuantizeLinear: RewriteRule {
  let name = "fuse-quantize-linear"
  let summary = "QuantizeLinear of a QuantizedGemm or QuantizedConv -> the same with a quantized result"
  let targets: Set<String> = ["QuantizeLinear"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let output = node.outputs[0]
    guard let ending = QuantizedEnding(node, in: graph), let dims = graph.dims(output) else { return nil }
    var patch = GraphPatch("what \(node.label) quantizes")
    let added = ending.inputs(adding: &patch)
    if let found = ProductBehindViews(of: node.inputs[0], in: graph) {
      guard let quantized = quantized(found.product, added) else { return nil }
      patch.replace(found, and: node, by: quantized, dims: dims, flat: "\(output)#quantized")
      return patch
    }
    guard let conv = graph.producer(of: node.inputs[0]), graph.onlyReader(of: node.inputs[0]) != nil,
      let quantized = quantized(conv, added)
    else { return nil }
    patch.remove(conv, node)
    patch.add(quantized.writing(output))
    return patch
  }

  /// `nil` when the node is no quantized product, or quantizes its result already.
  private func quantized(_ product: Node, _ ending: [String]) -> Node? {
    guard product.domain == Model.oneiroDomain, ["QuantizedConv", "QuantizedGemm"].contains(product.opType),
      product.inputs.count <= 8
    else { return nil }
    var result = product
    result.inputs += [String](repeating: "", count: 8 - result.inputs.count) + ending
    return result
  }
}
