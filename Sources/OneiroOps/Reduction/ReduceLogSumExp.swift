import Glibc
import OneiroGraph

/// ReduceLogSumExp, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html
///
///     reduced = ln(sum(exp(data)))     over `axes`; -inf over nothing; integers are truncated
///
/// The largest element is taken out of the sum, so that exp cannot overflow.
public enum ReduceLogSumExp: Operator {
  public static let schema = Reduction.schema("ReduceLogSumExp", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    let values = data.doubles()
    // An infinite maximum would make NaN of itself; it needs no help against overflow.
    let tops = reduction.fold(values, from: -.infinity) { $0.isNaN || $0 > $1 ? $0 : $1 }.map { $0.isFinite ? $0 : 0 }
    let exponentials = zip(values, reduction.spread(tops)).map { exp($0 - $1) }
    return reduction.result(zip(reduction.fold(exponentials, from: 0, +), tops).map { log($0) + $1 })
  }
}
