import OneiroGraph

extension OpsetAdapters {
  /// GroupNormalization 21: scale and bias have one element a channel; before, one a group. Each is repeated:
  ///
  ///     scale [G] ── Unsqueeze ── [G,1] ── Expand([1,C/G]) ── [G,C/G] ── Reshape ── [C]
  ///
  /// C/G is computed in the graph, since the file need not state C; constant folding does the rest.
  static let groupNormalization = OpsetAdapter.node("GroupNormalization", to: 21) { (node, context) throws(GraphError) in
    guard node.inputs.count == 3 else { return }
    let one = context.constant(Tensor([Int64(1)], dims: [1]), for: node, "one")
    let vector = context.constant(Tensor([Int64(-1)], dims: [1]), for: node, "vector")
    let name = node.label
    func add(_ opType: String, _ inputs: [String], _ role: String, _ attributes: [String: Attribute] = [:]) -> String {
      let output = context.freshName("\(name)/\(role)")
      context.helpers.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
      return output
    }
    let channels = add("Shape", [node.inputs[0]], "channels", ["start": .int(1), "end": .int(2)])
    let groups = add("Shape", [node.inputs[1]], "groups")
    let each = add("Div", [channels, groups], "channels_per_group")
    let repeats = add("Concat", [one, each], "repeats", ["axis": .int(0)])
    for (index, role) in [(1, "scale"), (2, "bias")] {
      let column = add("Unsqueeze", [node.inputs[index], one], "\(role)_column")
      let repeated = add("Expand", [column, repeats], "\(role)_repeated")
      node.inputs[index] = add("Reshape", [repeated, vector], role)
    }
  }
}
