import OneiroGraph

/// Round, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Round.html
///
///     Y = X to the nearest integer, halves to the even one
public enum Round: Operator {
  public static let schema = OpSchema(
    "Round", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0.rounded(.toNearestOrEven) }
  }
}
