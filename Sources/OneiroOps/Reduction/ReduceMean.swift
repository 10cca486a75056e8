import OneiroGraph

/// ReduceMean, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceMean.html
///
///     reduced = sum(data) / count     over `axes`
///
/// Over nothing it is NaN for floats and an error for integers, whose means are truncated towards zero.
public enum ReduceMean: Operator {
  public static let schema = Reduction.schema("ReduceMean", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call)
    let length = reduction.length
    if reduction.data.elementType.isFloatingPoint {
      return reduction.result(reduction.fold(reduction.data.doubles(), from: 0, +).map { $0 / Double(length) })
    }
    guard length > 0 || reduction.count == 0 else { throw call.fails("the mean of no integers is undefined") }
    let isUnsigned = reduction.data.elementType.isUnsignedInteger
    return reduction.result(
      reduction.fold(reduction.data.int64s(), from: 0, &+).map { sum in
        isUnsigned ? Int64(bitPattern: UInt64(bitPattern: sum) / UInt64(length)) : sum / Int64(length)
      })
  }
}
