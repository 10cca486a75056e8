import OneiroGraph

extension OpsetAdapters {
  /// Tile 6: a number of copies for each axis. Before, one number and one axis, both in the element type of the data:
  ///
  ///     Shape(Shape(x)) ── ConstantOfShape(1) ── ScatterElements(axis, tiles) ── repeats
  static let tile = OpsetAdapter.node("Tile", to: 6) { (node, context) throws(GraphError) in
    guard node.inputs.count == 3 else {
      throw .mismatch(
        node: node, nil, expected: "the inputs input, tiles and axis", found: "\(node.inputs.count) inputs")
    }
    let tiles = context.integers(node.inputs[1], for: node, "tiles")
    let axis = context.integers(node.inputs[2], for: node, "axis")
    let shape = context.helper("Shape", [node.inputs[0]], for: node, "shape")
    let rank = context.helper("Shape", [shape], for: node, "rank")
    let ones = context.helper(
      "ConstantOfShape", [rank], for: node, "ones", ["value": .tensor(Tensor([Int64(1)], dims: [1]))])
    let repeats = context.helper("ScatterElements", [ones, axis, tiles], for: node, "repeats", ["axis": .int(0)])
    node.inputs = [node.inputs[0], repeats]
  }
}
