import OneiroGraph

/// And, ai.onnx opset 7: https://onnx.ai/onnx/operators/onnx__And.html
///
///     C = whether both are true, with broadcasting
public enum And: Operator {
  public static let schema = OpSchema(
    "And", since: 7, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .bool, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: { a, _ in a }, ints: &)
  }
}
