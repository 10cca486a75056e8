import OneiroGraph

/// StringConcat, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__StringConcat.html
///
///     Z = X followed by Y     with broadcasting
public enum StringConcat: Operator {
  public static let schema = OpSchema(
    "StringConcat", since: 20, inputs: [.one("X", "T"), .one("Y", "T")], outputs: [.one("Z", "T")],
    types: ["T": .string])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.string, try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), y = try call.tensor(1)
    let dims = try call.commonShape(x, y)
    _ = try call.elementCount(dims, of: .complex128)
    let joined = zip(x.broadcast(to: dims).strings, y.broadcast(to: dims).strings).map { $0 + $1 }
    return [Tensor(strings: joined, dims: dims)]
  }
}
