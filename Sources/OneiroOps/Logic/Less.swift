import OneiroGraph

/// Less, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Less.html
///
///     C = A < B     with broadcasting; false where either is NaN
public enum Less: Operator {
  public static let schema = OpSchema(
    "Less", since: 13, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .numeric, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.compare(floats: <, ints: <, unsigned: <)
  }
}
