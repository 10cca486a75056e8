import OneiroGraph

/// CumProd, ai.onnx opset 26: https://onnx.ai/onnx/operators/onnx__CumProd.html
///
///     y[i] = x[0] * ... * x[i]     along `axis`; without x[i] when `exclusive`, from the end when `reverse`
public enum CumProd: Operator {
  public static let schema = OpSchema(
    "CumProd", since: 26, inputs: [.one("x", "T"), .one("axis", "T2")], outputs: [.one("y", "T")],
    attributes: [.int("exclusive", default: 0), .int("reverse", default: 0)], types: ["T": .products, "T2": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.inferRunningTotals()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.runningTotals(from: 1, floats: *, ints: &*)
  }
}
