import OneiroGraph

/// Sign, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Sign.html
///
///     output = -1, 0 or 1     NaN stays NaN
public enum Sign: Operator {
  public static let schema = OpSchema(
    "Sign", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let isUnsigned = try call.tensor(0).elementType.isUnsignedInteger
    return try call.map(
      floats: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, ints: { $0 == 0 ? 0 : isUnsigned || $0 > 0 ? 1 : -1 })
  }
}
