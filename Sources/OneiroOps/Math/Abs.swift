import OneiroGraph

/// Abs, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Abs.html
///
///     Y = |X|     the lowest integer has no counterpart and wraps to itself
public enum Abs: Operator {
  public static let schema = OpSchema(
    "Abs", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let isUnsigned = try call.tensor(0).elementType.isUnsignedInteger
    return try call.map(floats: { abs($0) }, ints: { isUnsigned || $0 >= 0 ? $0 : 0 &- $0 })
  }
}
