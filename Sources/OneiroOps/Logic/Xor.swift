import OneiroGraph

/// Xor, ai.onnx opset 7: https://onnx.ai/onnx/operators/onnx__Xor.html
///
///     C = whether one is true and the other is not, with broadcasting
public enum Xor: Operator {
  public static let schema = OpSchema(
    "Xor", since: 7, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .bool, "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(floats: { a, _ in a }, ints: ^)
  }
}
