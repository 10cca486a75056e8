import OneiroGraph

/// SequenceAt, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceAt.html
///
/// The tensor at `position`; negative ones count from the end.
public enum SequenceAt: Operator {
  public static let schema = OpSchema(
    "SequenceAt", since: 11, inputs: [.one("input_sequence", "S"), .one("position", "I")],
    outputs: [.one("tensor", "T")],
    types: ["T": .beforeBFloat16, "I": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [try node.sequenceElement(0)] }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let values = try call.sequence(0).values
    guard let position = try call.scalarInt(1) else { throw call.fails("position is missing") }
    return [values[try Shape.position(position, extent: values.count)]]
  }
}
