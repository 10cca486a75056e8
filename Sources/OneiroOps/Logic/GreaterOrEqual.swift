import OneiroGraph

/// GreaterOrEqual, ai.onnx opset 16: https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html
///
///     C = A >= B     with broadcasting; false where either is NaN
public enum GreaterOrEqual: Operator {
  public static let schema = OpSchema(
    "GreaterOrEqual", since: 16, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .numeric, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.compare(floats: >=, ints: >=, unsigned: >=)
  }
}
