import OneiroGraph

/// SequenceErase, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceErase.html
///
/// Without the tensor at `position`, or the last one when it is left out.
public enum SequenceErase: Operator {
  public static let schema = OpSchema(
    "SequenceErase", since: 11, inputs: [.one("input_sequence", "S"), .optional("position", "I")],
    outputs: [.one("output_sequence", "S")], types: ["I": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.sequence(try node.sequenceElement(0))]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    var (values, element) = try call.sequence(0)
    values.remove(at: try Shape.position(try call.scalarInt(1) ?? -1, extent: values.count))
    return [.sequence(values, of: element)]
  }
}
