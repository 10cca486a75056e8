import OneiroGraph

/// SequenceLength, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceLength.html
///
/// The number of tensors, as a scalar.
public enum SequenceLength: Operator {
  public static let schema = OpSchema(
    "SequenceLength", since: 11, inputs: [.one("input_sequence", "S")], outputs: [.one("length", "I")],
    types: ["I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.sequenceElement(0)
    return [.tensor(.int64, dims: [])]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    [.tensor(Tensor(scalar: Int64(try call.sequence(0).values.count)))]
  }
}
