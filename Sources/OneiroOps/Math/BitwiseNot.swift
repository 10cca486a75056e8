import OneiroGraph

/// BitwiseNot, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__BitwiseNot.html
///
///     Y = ~X
public enum BitwiseNot: Operator {
  public static let schema = OpSchema(
    "BitwiseNot", since: 18, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .integers])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.map(floats: { $0 }, ints: ~)
  }
}
