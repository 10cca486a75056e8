import OneiroGraph

/// IsNaN, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__IsNaN.html
///
///     Y = whether X is not a number
public enum IsNaN: Operator {
  public static let schema = OpSchema(
    "IsNaN", since: 20, inputs: [.one("X", "T1")], outputs: [.one("Y", "T2")],
    types: ["T1": .floats.union(.signedFloat8s), "T2": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    return [Tensor(x.doubles().map(\.isNaN), dims: x.dims)]
  }
}
