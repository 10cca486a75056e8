import OneiroGraph

/// Attention over what quantized products made  →  the same with `operand_bits` 8, which allows kernels of few bits.
///
///     q ── QuantizedGemm ──┐
///     k ── QuantizedGemm ─ ScaledDotProductAttention ── y
///     v ── QuantizedGemm ──┘
///
/// What comes out of a product of bytes has been rounded that far already. Stands back where one of the three does not
/// come out of one: an attention that a quantized model left in floats stays exact.
struct NarrowAttention: RewriteRule {
  let name = RewriteSettings.narrowAttention
  let summary = "ScaledDotProductAttention of quantized products -> the same, in few bits"
  let targets: Set<String> = ["ScaledDotProductAttention"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain == Model.oneiroDomain, node.attributes["operand_bits"] == nil,
      node.inputs.allSatisfy({ isQuantized($0, graph) })
    else { return nil }
    var narrow = node
    narrow.attributes["operand_bits"] = .int(8)
    var patch = GraphPatch("\(node.label) of quantized products")
    patch.remove(node)
    patch.add(narrow)
    return patch
  }

  /// Whether a value is the result of a quantized product, moved about at most.
  private func isQuantized(_ value: String, _ graph: GraphIndex) -> Bool {
    var at = value
    while let node = graph.producer(of: at) {
      if node.domain == Model.oneiroDomain { return ["QuantizedConv", "QuantizedGemm"].contains(node.opType) }
      guard node.domain.isEmpty, Self.moves.contains(node.opType) else { return false }
      at = node.inputs[0]
    }
    return false
  }

  private static let moves: Set = [
    "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
  ]
}
