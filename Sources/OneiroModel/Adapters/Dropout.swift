import OneiroGraph

extension OpsetAdapters {
  /// Dropout 7: attribute is_test is gone; from there on the operator always means what it did in a test, the identity.
  static let dropoutTest = OpsetAdapter.node("Dropout", to: 7) { (node, _) throws(GraphError) in
    node.attributes["is_test"] = nil
  }

  /// Dropout 10: the mask became bool; before, it had the data's element type.
  static let dropoutMask = OpsetAdapter("Dropout", to: 10) { (node, context) throws(GraphError) in
    guard node.outputs.count > 1, !node.outputs[1].isEmpty, let data = node.inputs.first else { return [node] }
    var dropout = node
    dropout.outputs[1] = context.freshName("\(node.label)/mask")
    return [dropout, Node("CastLike", inputs: [dropout.outputs[1], data], outputs: [node.outputs[1]])]
  }

  /// Dropout 12: attribute ratio became an input. Before, the operator was the identity outside training, whatever the
  /// ratio; so it is without the input training_mode.
  static let dropoutRatio = OpsetAdapter.node("Dropout", to: 12) { (node, context) throws(GraphError) in
    guard let data = node.inputs.first else { return }
    if let ratio = try context.moveToInput("ratio", of: &node, like: data) { node.inputs.append(ratio) }
  }
}
