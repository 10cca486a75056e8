import OneiroGraph

/// Mul, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Mul.html
///
///     C = A * B     with broadcasting
public enum Mul: Operator {
  public static let schema = OpSchema(
    "Mul", since: 14, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: *, ints: &*)
  }
}
