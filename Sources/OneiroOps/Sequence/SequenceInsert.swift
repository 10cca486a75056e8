import OneiroGraph

/// SequenceInsert, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceInsert.html
///
/// With `tensor` before `position`, or at the end when it is left out.
public enum SequenceInsert: Operator {
  public static let schema = OpSchema(
    "SequenceInsert", since: 11,
    inputs: [.one("input_sequence", "S"), .one("tensor", "T"), .optional("position", "I")],
    outputs: [.one("output_sequence", "S")], types: ["T": .beforeBFloat16, "I": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let element = try node.sequenceElement(0), tensor = ValueType.tensor(try node.tensor(1))
    guard let merged = element.merged(with: tensor) else {
      throw node.fails(1, expected: "\(element)", found: "\(tensor)")
    }
    return [.sequence(merged)]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    var (values, element) = try call.sequence(0)
    let tensor = try call.tensor(1)
    guard element.tensorType?.elementType == tensor.elementType else {
      throw call.fails("expected a tensor for a sequence of \(element), found \(Value.tensor(tensor).type)")
    }
    let position = try call.scalarInt(2) ?? values.count
    guard position >= -values.count, position <= values.count else {
      throw call.fails("position: expected \(-values.count) ... \(values.count), found \(position)")
    }
    values.insert(.tensor(tensor), at: position < 0 ? position + values.count : position)
    return [.sequence(values, of: .tensor(tensor.elementType, nil))]
  }
}
