import OneiroGraph

/// Sub, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Sub.html
///
///     C = A - B     with broadcasting
public enum Sub: Operator {
  public static let schema = OpSchema(
    "Sub", since: 14, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: -, ints: &-)
  }
}
