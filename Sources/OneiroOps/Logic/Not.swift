import OneiroGraph

/// Not, ai.onnx opset 1: https://onnx.ai/onnx/operators/onnx__Not.html
///
///     Y = !X
public enum Not: Operator {
  public static let schema = OpSchema(
    "Not", since: 1, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.map(floats: { $0 }, ints: { 1 - $0 })
  }
}
