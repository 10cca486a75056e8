import OneiroGraph

/// Greater, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Greater.html
///
///     C = A > B     with broadcasting; false where either is NaN
public enum Greater: Operator {
  public static let schema = OpSchema(
    "Greater", since: 13, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .numeric, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.compare(floats: >, ints: >, unsigned: >)
  }
}
