import OneiroGraph

extension OpsetAdapters {
  /// Split 2: the input split, which opset 13 brought back, had the element type of the data.
  static let splitInput = OpsetAdapter.node("Split", to: 2) { (node, context) throws(GraphError) in
    guard node.inputs.count > 1, !node.inputs[1].isEmpty else { return }
    // The attribute says the same again.
    node.attributes["split"] = nil
    node.inputs[1] = context.integers(node.inputs[1], for: node, "split")
  }

  /// Split 13: attribute split became an input.
  static let splitSizes = OpsetAdapter.node("Split", to: 13) { (node, context) throws(GraphError) in
    if let sizes = try context.moveToInput("split", of: &node) { node.inputs.append(sizes) }
  }

  /// Split 18: without sizes, num_outputs says how many parts there are; before, the outputs were counted.
  static let splitCount = OpsetAdapter.node("Split", to: 18) { (node, _) throws(GraphError) in
    if node.inputs.count < 2 || node.inputs[1].isEmpty {
      node.attributes["num_outputs"] = .int(Int64(node.outputs.count))
    }
  }
}
