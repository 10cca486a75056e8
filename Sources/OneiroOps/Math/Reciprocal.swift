import OneiroGraph

/// Reciprocal, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Reciprocal.html
///
///     Y = 1 / X
public enum Reciprocal: Operator {
  public static let schema = OpSchema(
    "Reciprocal", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { 1 / $0 }
  }
}
