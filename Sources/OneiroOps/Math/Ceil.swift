import OneiroGraph

/// Ceil, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Ceil.html
///
///     Y = ⌈X⌉
public enum Ceil: Operator {
  public static let schema = OpSchema(
    "Ceil", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0.rounded(.up) }
  }
}
