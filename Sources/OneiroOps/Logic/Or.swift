import OneiroGraph

/// Or, ai.onnx opset 7: https://onnx.ai/onnx/operators/onnx__Or.html
///
///     C = whether either is true, with broadcasting
public enum Or: Operator {
  public static let schema = OpSchema(
    "Or", since: 7, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .bool, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: { a, _ in a }, ints: |)
  }
}
