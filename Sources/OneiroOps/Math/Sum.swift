import OneiroGraph

/// Sum, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Sum.html
///
///     sum = the sum of the inputs     with broadcasting
public enum Sum: Operator {
  public static let schema = OpSchema(
    "Sum", since: 13, inputs: [.variadic("data_0", "T")], outputs: [.one("sum", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.broadcastAll()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.sumInputs(dividedBy: 1)
  }
}
