import OneiroGraph

/// RandomUniformLike, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html
///
/// Draws between `low`, included, and `high`, excluded, in the shape of the input.
public enum RandomUniformLike: Operator {
  public static let schema = OpSchema(
    "RandomUniformLike", since: 22, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [
      .int("dtype"), .float("high", default: 1), .float("low", default: 0), .float("seed"),
    ], types: ["T1": .all.subtracting(.float8s).subtracting(.narrow), "T2": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.randomOutputLikeInput()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.randomTensor { _ in call.randomUniform() }
  }
}
