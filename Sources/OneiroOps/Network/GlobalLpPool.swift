import OneiroGraph

/// GlobalLpPool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
///
/// The p-norm of each plane: [N, C, spatial...] to [N, C, 1...].
public enum GlobalLpPool: Operator {
  public static let schema = OpSchema(
    "GlobalLpPool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], attributes: [.int("p", default: 2)],
    types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.requireNorm()
    return [.tensor(try node.pooledGlobally())]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let p = call.attributes.int("p")
    return try call.poolGlobally(dims: checkedOutputDims(call)[0]) { lpNorm($0, p: p) }
  }
}
