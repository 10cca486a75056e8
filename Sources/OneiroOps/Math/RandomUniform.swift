import OneiroGraph

/// RandomUniform, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RandomUniform.html
///
/// Draws between `low`, included, and `high`, excluded, in the shape of attribute `shape`.
public enum RandomUniform: Operator {
  public static let schema = OpSchema(
    "RandomUniform", since: 22, inputs: [], outputs: [.one("output", "T")],
    attributes: [
      .int("dtype", default: 1), .float("high", default: 1), .float("low", default: 0), .float("seed"),
      .required("shape", .ints),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.randomOutput()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.randomTensor { _ in call.randomUniform() }
  }
}
