import OneiroGraph

extension OpsetAdapters {
  /// Resize 11: scales moved behind the new input roi, and the one way to map positions that there was got a name.
  static let resizeCoordinates = OpsetAdapter.node("Resize", to: 11) { (node, _) throws(GraphError) in
    guard node.inputs.count == 2 else {
      throw .mismatch(node: node, nil, expected: "the inputs X and scales", found: "\(node.inputs.count) inputs")
    }
    node.inputs.insert("", at: 1)
    node.attributes["coordinate_transformation_mode"] = .string("asymmetric")
    node.attributes["nearest_mode"] = .string("floor")
  }

  /// Resize 13: scales may be left out. Before, an empty tensor stood there when sizes were given.
  static let resizeSizes = OpsetAdapter.node("Resize", to: 13) { (node, _) throws(GraphError) in
    if node.inputs.count == 4, !node.inputs[3].isEmpty { node.inputs[2] = "" }
  }
}
