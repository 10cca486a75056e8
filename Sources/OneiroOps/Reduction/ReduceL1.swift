import OneiroGraph

/// ReduceL1, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceL1.html
///
///     reduced = sum(|data|)     over `axes`; 0 over nothing
public enum ReduceL1: Operator {
  public static let schema = Reduction.schema("ReduceL1", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    let isUnsigned = data.elementType.isUnsignedInteger
    return data.elementType.isFloatingPoint
      ? reduction.result(reduction.fold(data.doubles(), from: 0, { $0 + abs($1) }))
      : reduction.result(reduction.fold(data.int64s(), from: 0, { isUnsigned || $1 >= 0 ? $0 &+ $1 : $0 &- $1 }))
  }
}
