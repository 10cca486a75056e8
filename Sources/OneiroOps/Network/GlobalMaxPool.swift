import OneiroGraph

/// GlobalMaxPool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
///
/// The largest element of each plane: [N, C, spatial...] to [N, C, 1...]. NaN wins.
public enum GlobalMaxPool: Operator {
  public static let schema = OpSchema(
    "GlobalMaxPool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.pooledGlobally())]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.poolGlobally(dims: checkedOutputDims(call)[0]) { plane in
      plane.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
    }
  }
}
