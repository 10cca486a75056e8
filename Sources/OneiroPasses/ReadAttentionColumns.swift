import OneiroGraph

/// Attention over Slices of rows  →  attention that reads columns of the rows, which copies nothing.
///
///          ┌─ Slice ── q ──┐
///     rows ┼─ Slice ── k ─ ScaledDotProductAttention   →   rows ── ScaledDotProductAttention (qkv_offsets, qkv_widths)
///          └─ Slice ── v ──┘
///
/// One product makes q, k and v in many networks. Stands back from a Slice of other axes, with steps, or one that
/// somebody else reads too: it is there then, and the rows need not be kept for longer.
struct ReadAttentionColumns: RewriteRule {
  let name = "read-attention-columns"
  let summary = "Slices of rows, ScaledDotProductAttention -> the same, reading columns of the rows"
  let targets: Set<String> = ["ScaledDotProductAttention"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain == Model.oneiroDomain, node.attributes["qkv_widths"] == nil, node.inputs.count == 3 else {
      return nil
    }
    var reading = node, widths: [Int64] = [], offsets: [Int64] = [], slices: [Node] = []
    for (index, input) in node.inputs.enumerated() {
      guard let dims = graph.dims(input), dims.count == 3 else { return nil }
      var offset = 0
      if let slice = graph.producer(of: input), slice.op == OpIdentifier("Slice"),
        let readers = graph.onlyReader(of: input), readers.key == node.key,
        let cut = ValueOrigin.contiguousSlice(slice, graph, count: dims), cut.axis == 2
      {
        reading.inputs[index] = slice.inputs[0]
        offset = cut.start
        slices.append(slice)
      }
      widths.append(Int64(dims[2]))
      offsets.append(Int64(offset))
    }
    guard !slices.isEmpty else { return nil }
    reading.attributes["qkv_widths"] = .ints(widths)
    reading.attributes["qkv_offsets"] = .ints(offsets)
    var patch = GraphPatch("\(node.label) reads \(slices.count) of its operands where they are")
    for slice in slices { patch.remove(slice) }
    patch.remove(node)
    patch.add(reading)
    return patch
  }
}
