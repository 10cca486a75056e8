import Glibc
import OneiroGraph

/// ReduceLogSum, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
///
///     reduced = ln(sum(data))     over `axes`; -inf over nothing; integers are truncated
public enum ReduceLogSum: Operator {
  public static let schema = Reduction.schema("ReduceLogSum", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    return reduction.result(reduction.fold(data.doubles(), from: 0, +).map { log($0) })
  }
}
