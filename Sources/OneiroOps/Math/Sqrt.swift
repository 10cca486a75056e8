import OneiroGraph

/// Sqrt, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Sqrt.html
///
///     Y = √X     NaN below zero
public enum Sqrt: Operator {
  public static let schema = OpSchema(
    "Sqrt", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0.squareRoot() }
  }
}
