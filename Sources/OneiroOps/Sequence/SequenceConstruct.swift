import OneiroGraph

/// SequenceConstruct, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html
public enum SequenceConstruct: Operator {
  public static let schema = OpSchema(
    "SequenceConstruct", since: 11, inputs: [.variadic("inputs", "T")], outputs: [.one("output_sequence", "S")],
    types: ["T": .beforeBFloat16])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    var element = ValueType.tensor(try node.tensor(0))
    for index in node.inputs.indices {
      guard let merged = element.merged(with: .tensor(try node.tensor(index))) else {
        throw node.fails(index, expected: "\(element)", found: "\(try node.tensor(index))")
      }
      element = merged
    }
    return [.sequence(element)]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let type = try call.tensor(0).elementType
    var values: [Value] = []
    for index in call.inputs.indices {
      let tensor = try call.tensor(index)
      guard tensor.elementType == type else {
        throw call.fails("input \(index): expected elements of type \(type.name), found \(tensor.elementType.name)")
      }
      values.append(.tensor(tensor))
    }
    return [.sequence(values, of: .tensor(type, nil))]
  }
}
