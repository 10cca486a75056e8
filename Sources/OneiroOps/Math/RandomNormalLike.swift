import OneiroGraph

/// RandomNormalLike, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html
///
/// Draws from a normal distribution with the given mean and `scale`, its standard deviation, in the shape of the input.
public enum RandomNormalLike: Operator {
  public static let schema = OpSchema(
    "RandomNormalLike", since: 22, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [
      .int("dtype"), .float("mean", default: 0), .float("scale", default: 1), .float("seed"),
    ], types: ["T1": .all.subtracting(.float8s).subtracting(.narrow), "T2": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.randomOutputLikeInput()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.randomTensor { _ in call.randomNormal() }
  }
}
