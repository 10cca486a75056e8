import OneiroGraph

/// Neg, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Neg.html
///
///     Y = -X
public enum Neg: Operator {
  public static let schema = OpSchema(
    "Neg", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats.union(.signedIntegers)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.map(floats: -, ints: { 0 &- $0 })
  }
}
