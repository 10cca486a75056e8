import OneiroGraph

/// ArgMin, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__ArgMin.html
///
///     reduced = the index of the smallest element along `axis`     the first one, or with `select_last_index` the last
public enum ArgMin: Operator {
  public static let schema = OpSchema(
    "ArgMin", since: 13, inputs: [.one("data", "T")], outputs: [.one("reduced", "I")],
    attributes: [.int("axis", default: 0), .int("keepdims", default: 1), .int("select_last_index", default: 0)],
    types: ["T": .numeric, "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.extremeIndex()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.extremeIndex {
      $0 < $1
    } ints: {
      $0 < $1
    }
  }
}
