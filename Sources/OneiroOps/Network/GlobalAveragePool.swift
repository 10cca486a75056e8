import OneiroGraph

/// GlobalAveragePool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
///
/// The mean of each plane: [N, C, spatial...] to [N, C, 1...].
public enum GlobalAveragePool: Operator {
  public static let schema = OpSchema(
    "GlobalAveragePool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.pooledGlobally())]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.poolGlobally(dims: checkedOutputDims(call)[0]) { $0.reduce(0, +) / Double($0.count) }
  }
}
