import OneiroGraph

/// BitwiseXor, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__BitwiseXor.html
///
///     C = A ^ B     with broadcasting
public enum BitwiseXor: Operator {
  public static let schema = OpSchema(
    "BitwiseXor", since: 18, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T")],
    types: ["T": .integers])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: { a, _ in a }, ints: ^)
  }
}
