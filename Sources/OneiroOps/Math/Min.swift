import OneiroGraph

/// Min, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Min.html
///
///     min = the smallest of the inputs     with broadcasting; NaN when one of them is
public enum Min: Operator {
  public static let schema = OpSchema(
    "Min", since: 13, inputs: [.variadic("data_0", "T")], outputs: [.one("min", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.broadcastAll()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.foldInputs(floats: { $0.isNaN || $0 < $1 ? $0 : $1 }, ordered: { min($0, $1) })
  }
}
