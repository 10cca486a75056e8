import OneiroGraph

extension OpsetAdapters {
  /// GroupNormalization 21: scale and bias have one element a channel; before, one a group. Each is repeated:
  ///
  ///     scale [G] ── Unsqueeze ── [G,1] ── Expand([1,C/G]) ── [G,C/G] ── Reshape ── [C]
  ///
  /// C/G is computed in the graph, since the file need not state C; constant folding does the rest.
  static let groupNormalization = OpsetAdapter.node("GroupNormalization", to: 21) {
    (node, context) throws(GraphError) in
    guard node.inputs.count == 3 else { return }
    let one = context.constant(Tensor([Int64(1)], dims: [1]), for: node, "one")
    let vector = context.constant(Tensor([Int64(-1)], dims: [1]), for: node, "vector")
    let channels = context.helper("Shape", [node.inputs[0]], for: node, "channels", ["start": .int(1), "end": .int(2)])
    let groups = context.helper("Shape", [node.inputs[1]], for: node, "groups")
    let each = context.helper("Div", [channels, groups], for: node, "channels_per_group")
    let repeats = context.helper("Concat", [one, each], for: node, "repeats", ["axis": .int(0)])
    for (index, role) in [(1, "scale"), (2, "bias")] {
      let column = context.helper("Unsqueeze", [node.inputs[index], one], for: node, "\(role)_column")
      let repeated = context.helper("Expand", [column, repeats], for: node, "\(role)_repeated")
      node.inputs[index] = context.helper("Reshape", [repeated, vector], for: node, role)
    }
  }
}
