import OneiroGraph

/// ReduceProd, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ReduceProd.html
///
///     reduced = product(data)     over `axes`; 1 over nothing
public enum ReduceProd: Operator {
  public static let schema = Reduction.schema("ReduceProd", since: 18)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.reduced() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let reduction = try ReductionCall(call), data = reduction.data
    return data.elementType.isFloatingPoint
      ? reduction.result(reduction.fold(data.doubles(), from: 1, *))
      : reduction.result(reduction.fold(data.int64s(), from: 1, &*))
  }
}
