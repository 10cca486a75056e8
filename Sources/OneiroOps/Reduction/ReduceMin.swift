import OneiroGraph

/// ReduceMin, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__ReduceMin.html
///
///     reduced = min(data)     over `axes`; NaN when one of them is; false < true
///
/// Over nothing it is the highest value of the type, infinite for floats.
public enum ReduceMin: Operator {
  public static let schema = Reduction.schema(
    "ReduceMin", since: 20, types: .products.union(.bool).union(ElementTypeSet([.int8, .uint8])))

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    if data.elementType.isFloatingPoint {
      return reduction.result(reduction.fold(data.doubles(), from: .infinity) { $0.isNaN || $0 < $1 ? $0 : $1 })
    }
    let identity = data.elementType.orderedRange.upperBound
    let extremes = reduction.fold(data.orderedInt64s(), from: identity) { min($0, $1) }
    return [Tensor(data.elementType, orderedInt64s: extremes, dims: reduction.dims)]
  }
}
