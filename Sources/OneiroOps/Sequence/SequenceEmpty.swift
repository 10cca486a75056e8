import OneiroGraph

/// SequenceEmpty, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html
///
/// A sequence without tensors, of the element type that `dtype` numbers.
public enum SequenceEmpty: Operator {
  public static let schema = OpSchema(
    "SequenceEmpty", since: 11, inputs: [], outputs: [.one("output", "S")],
    attributes: [.int("dtype", default: Int64(ElementType.float32.rawValue))])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.sequence(.tensor(try node.checking("attribute dtype", try elementType(node.attributes)), nil))]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    [.sequence([], of: .tensor(try elementType(call.attributes), nil))]
  }

  private static func elementType(_ attributes: NodeAttributes) throws(KernelError) -> ElementType {
    let number = attributes.int("dtype")
    guard let type = Int32(exactly: number).flatMap(ElementType.init(rawValue:)) else {
      throw KernelError("dtype: \(number) is the number of no element type")
    }
    return type
  }
}
