import OneiroGraph

extension OpsetAdapters {
  /// BatchNormalization 7: attribute is_test is gone; the outputs that are asked for say whether it trains.
  static let batchNormalizationTest = OpsetAdapter.node("BatchNormalization", to: 7) { (node, _) throws(GraphError) in
    guard case .int(let isTest) = node.attributes.removeValue(forKey: "is_test"), isTest != 0 else { return }
    guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw .invalid(node: node, "attribute is_test", "is set, but statistics of training are asked for")
    }
  }

  /// BatchNormalization 9: attribute spatial is gone. With 0 each position of a plane had its own statistics:
  ///
  ///     X ── Flatten(1) ── BatchNormalization(scale, B, mean, var, each as a vector) ── Reshape(Shape(X)) ── Y
  static let batchNormalizationSpatial = OpsetAdapter("BatchNormalization", to: 9) {
    (node, context) throws(GraphError) in
    var inner = node
    guard case .int(0) = inner.attributes.removeValue(forKey: "spatial"), node.inputs.count == 5,
      let y = node.outputs.first
    else { return [inner] }
    guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw .invalid(node: node, "attribute spatial", "0 is not supported in training")
    }
    let shape = context.freshName("\(node.label)/shape"), flat = context.freshName("\(node.label)/flat")
    let vector = context.constant(Tensor([Int64(-1)], dims: [1]), for: node, "vector")
    var nodes = [
      Node("Shape", inputs: [node.inputs[0]], outputs: [shape]),
      Node("Flatten", inputs: [node.inputs[0]], outputs: [flat], attributes: ["axis": .int(1)]),
    ]
    inner.inputs[0] = flat
    for index in 1..<5 {
      inner.inputs[index] = context.freshName("\(node.label)/statistic")
      nodes.append(Node("Reshape", inputs: [node.inputs[index], vector], outputs: [inner.inputs[index]]))
    }
    inner.outputs = [context.freshName("\(node.label)/result")]
    return nodes + [
      inner, Node("Reshape", inputs: [inner.outputs[0], shape], outputs: [y], attributes: ["allowzero": .int(1)]),
    ]
  }

  /// BatchNormalization 14: training is an attribute; before, it was asked for by naming more outputs than Y.
  static let batchNormalizationTraining = OpsetAdapter.node("BatchNormalization", to: 14) {
    (node, _) throws(GraphError) in
    guard node.outputs.dropFirst().contains(where: { !$0.isEmpty }) else {
      node.outputs = Array(node.outputs.prefix(1))
      return
    }
    guard node.outputs.dropFirst(3).allSatisfy(\.isEmpty) else {
      throw .invalid(node: node, "outputs saved_mean and saved_var", "have no counterpart since opset 14")
    }
    node.outputs = Array(node.outputs.prefix(3))
    node.attributes["training_mode"] = .int(1)
  }
}
