import OneiroGraph

/// ReduceL2, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceL2.html
///
///     reduced = √sum(data²)     over `axes`; 0 over nothing; integers are truncated
public enum ReduceL2: Operator {
  public static let schema = Reduction.schema("ReduceL2", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    return reduction.result(reduction.fold(data.doubles(), from: 0, { $0 + $1 * $1 }).map { $0.squareRoot() })
  }
}
