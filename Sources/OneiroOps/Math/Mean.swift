import OneiroGraph

/// Mean, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Mean.html
///
///     mean = the mean of the inputs     with broadcasting
public enum Mean: Operator {
  public static let schema = OpSchema(
    "Mean", since: 13, inputs: [.variadic("data_0", "T")], outputs: [.one("mean", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.broadcastAll()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.sumInputs(dividedBy: Double(call.inputs.count))
  }
}
