import OneiroGraph

/// ReduceSum, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__ReduceSum.html
///
///     reduced = sum(data)     over `axes`; 0 over nothing
public enum ReduceSum: Operator {
  public static let schema = Reduction.schema("ReduceSum", since: 13)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    return data.elementType.isFloatingPoint
      ? reduction.result(reduction.fold(data.doubles(), from: 0, +))
      : reduction.result(reduction.fold(data.int64s(), from: 0, &+))
  }
}
