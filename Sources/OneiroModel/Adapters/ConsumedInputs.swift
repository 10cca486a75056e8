import OneiroGraph

extension OpsetAdapters {
  /// Opset 6: attribute consumed_inputs is gone. It allowed an operator to overwrite inputs, which changes no result.
  static let consumedInputs: [OpsetAdapter] = [
    "Abs", "Add", "BatchNormalization", "Ceil", "Clip", "Div", "Dropout", "Elu", "Exp", "Floor", "HardSigmoid",
    "InstanceNormalization", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul", "Neg", "PRelu", "Reciprocal", "Relu",
    "Sigmoid", "Sqrt", "Sub", "Sum", "Tanh",
  ].map { opType in
    .node(opType, to: 6) { (node, _) throws(GraphError) in node.attributes["consumed_inputs"] = nil }
  }
}
