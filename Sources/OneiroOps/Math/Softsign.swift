import OneiroGraph

/// Softsign, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Softsign.html
///
///     output = input / (1 + |input|)
public enum Softsign: Operator {
  public static let schema = OpSchema(
    "Softsign", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0 / (1 + abs($0)) }
  }
}
