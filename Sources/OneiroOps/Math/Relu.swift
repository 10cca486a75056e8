import OneiroGraph

/// Relu, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Relu.html
///
///     Y = max(0, X)     NaN stays NaN
public enum Relu: Operator {
  public static let schema = OpSchema(
    "Relu", since: 14, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    types: ["T": .floats.union(.signedIntegers)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.map(floats: { $0 < 0 ? 0 : $0 }, ints: { max(0, $0) })
  }
}
