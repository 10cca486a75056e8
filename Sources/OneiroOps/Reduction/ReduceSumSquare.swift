import OneiroGraph

/// ReduceSumSquare, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html
///
///     reduced = sum(data²)     over `axes`; 0 over nothing
public enum ReduceSumSquare: Operator {
  public static let schema = Reduction.schema("ReduceSumSquare", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    return data.elementType.isFloatingPoint
      ? reduction.result(reduction.fold(data.doubles(), from: 0) { $0 + $1 * $1 })
      : reduction.result(reduction.fold(data.int64s(), from: 0) { $0 &+ $1 &* $1 })
  }
}
