import OneiroGraph

/// HardSwish, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__HardSwish.html
///
///     Y = X * max(0, min(1, X / 6 + 1/2))
public enum HardSwish: Operator {
  public static let schema = OpSchema(
    "HardSwish", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0 * max(0, min(1, $0 / 6 + 0.5)) }
  }
}
