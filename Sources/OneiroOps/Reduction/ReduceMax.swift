import OneiroGraph

/// ReduceMax, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__ReduceMax.html
///
///     reduced = max(data)     over `axes`; NaN when one of them is; false < true
///
/// Over nothing it is the lowest value of the type, infinite for floats.
public enum ReduceMax: Operator {
  public static let schema = Reduction.schema(
    "ReduceMax", since: 20, types: .products.union(.bool).union(ElementTypeSet([.int8, .uint8])))

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    if data.elementType.isFloatingPoint {
      return reduction.result(reduction.fold(data.doubles(), from: -.infinity) { $0.isNaN || $0 > $1 ? $0 : $1 })
    }
    let identity = data.elementType.orderedRange.lowerBound
    let extremes = reduction.fold(data.orderedInt64s(), from: identity) { max($0, $1) }
    return [Tensor(data.elementType, orderedInt64s: extremes, dims: reduction.dims)]
  }
}
