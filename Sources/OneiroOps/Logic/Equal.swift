import OneiroGraph

/// Equal, ai.onnx opset 19: https://onnx.ai/onnx/operators/onnx__Equal.html
///
///     C = A == B     with broadcasting; strings and bool too
public enum Equal: Operator {
  public static let schema = OpSchema(
    "Equal", since: 19, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T1")],
    types: ["T": .numeric.union(.bool).union(.string), "T1": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try call.tensor(0), b = try call.tensor(1)
    guard a.elementType == .string else { return try call.compare(floats: ==, ints: ==, unsigned: ==) }
    let dims = try call.commonShape(a, b)
    return [Tensor(zip(a.broadcast(to: dims).strings, b.broadcast(to: dims).strings).map { $0 == $1 }, dims: dims)]
  }
}
