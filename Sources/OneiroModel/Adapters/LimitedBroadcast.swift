import OneiroGraph

extension OpsetAdapters {
  /// Opset 7: operands are broadcast as NumPy does, axes matched from the last one. Before, attribute broadcast asked
  /// for it, and attribute axis could say where in A the axes of B lie.
  static let limitedBroadcasts: [OpsetAdapter] = [
    "Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor",
  ].map { opType in
    .node(opType, to: 7) { (node, context) throws(GraphError) in
      let broadcast = node.attributes.removeValue(forKey: "broadcast"),
        axis = node.attributes.removeValue(forKey: "axis")
      guard case .int(let wanted) = broadcast, wanted != 0, case .int(let axis) = axis else { return }
      try context.alignSecondInput(of: &node, at: axis)
    }
  }

  /// PRelu 7: the slope is broadcast in the same way; before, it had one element a channel, the channels on axis 1.
  static let parametricRelu = OpsetAdapter.node("PRelu", to: 7) { (node, context) throws(GraphError) in
    try context.alignSecondInput(of: &node, at: 1)
  }
}

extension AdapterContext {
  /// Gives input 1 of the node as many axes of extent 1 at its end as put its first axis on axis `axis` of input 0. A
  /// value with too many axes already stays as it is.
  mutating func alignSecondInput(of node: inout Node, at axis: Int64) throws(GraphError) {
    guard node.inputs.count == 2 else { return }
    let a = node.inputs[0], b = node.inputs[1]
    guard let rank = rank(of: a), let ownRank = self.rank(of: b) else {
      node.inputs[1] = aligned(b, with: a, at: axis, for: node)
      return
    }
    guard (-Int64(rank)...Int64(rank)).contains(axis) else {
      throw .mismatch(node: node, "attribute axis", expected: "\(-rank) ... \(rank)", found: "\(axis)")
    }
    let end = rank - (axis < 0 ? Int(axis) + rank : Int(axis))
    guard end > ownRank else { return }
    let axes = constant(Tensor((ownRank..<end).map(Int64.init), dims: [end - ownRank]), for: node, "axes")
    node.inputs[1] = helper("Unsqueeze", [b, axes], for: node, "aligned")
  }

  /// The same where the file does not state the ranks:
  ///
  ///     Shape(A) from the axis on ── Slice(from the rank of B on) ── Shape ── ConstantOfShape(1) ─┐
  ///     Shape(B) ─────────────────────────────────────────────────────────────────────────────── Concat ── Reshape(B)
  private mutating func aligned(_ b: String, with a: String, at axis: Int64, for owner: Node) -> String {
    let behind = helper("Shape", [a], for: owner, "shape_from_axis", ["start": .int(axis)])
    let shape = helper("Shape", [b], for: owner, "shape")
    let rank = helper("Shape", [shape], for: owner, "rank")
    let end = constant(Tensor([Int64.max], dims: [1]), for: owner, "end")
    let missing = helper("Slice", [behind, rank, end], for: owner, "missing")
    let count = helper("Shape", [missing], for: owner, "missing_count")
    let ones = helper(
      "ConstantOfShape", [count], for: owner, "ones", ["value": .tensor(Tensor([Int64(1)], dims: [1]))])
    let target = helper("Concat", [shape, ones], for: owner, "aligned_shape", ["axis": .int(0)])
    return helper("Reshape", [b, target], for: owner, "aligned", ["allowzero": .int(1)])
  }
}
