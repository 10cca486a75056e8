import OneiroGraph

/// Max, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Max.html
///
///     max = the largest of the inputs     with broadcasting; NaN when one of them is
public enum Max: Operator {
  public static let schema = OpSchema(
    "Max", since: 13, inputs: [.variadic("data_0", "T")], outputs: [.one("max", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.broadcastAll()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.foldInputs(floats: { $0.isNaN || $0 > $1 ? $0 : $1 }, ordered: { max($0, $1) })
  }
}
