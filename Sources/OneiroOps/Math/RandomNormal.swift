import OneiroGraph

/// RandomNormal, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__RandomNormal.html
///
/// Draws from a normal distribution with the given mean and `scale`, its standard deviation, in the shape of attribute
/// `shape`.
public enum RandomNormal: Operator {
  public static let schema = OpSchema(
    "RandomNormal", since: 22, inputs: [], outputs: [.one("output", "T")],
    attributes: [
      .int("dtype", default: 1), .float("mean", default: 0), .float("scale", default: 1), .float("seed"),
      .required("shape", .ints),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.randomOutput()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.randomTensor { _ in call.randomNormal() }
  }
}
