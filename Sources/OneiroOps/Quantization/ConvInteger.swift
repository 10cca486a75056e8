import OneiroGraph

/// ConvInteger, ai.onnx opset 10: https://onnx.ai/onnx/operators/onnx__ConvInteger.html
///
///     y = conv(x - x_zero_point, w - w_zero_point)     in int32, which wraps
///
/// Padding stands for the zero point: it adds nothing. The zero point of `w` may differ from filter to filter.
public enum ConvInteger: Operator {
  private static let bytes = ElementTypeSet([.int8, .uint8])

  public static let schema = OpSchema(
    "ConvInteger", since: 10,
    inputs: [.one("x", "T1"), .one("w", "T2"), .optional("x_zero_point", "T1"), .optional("w_zero_point", "T2")],
    outputs: [.one("y", "T3")], attributes: IntegerConvolution.attributes,
    types: ["T1": bytes, "T2": bytes, "T3": ElementTypeSet([.int32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.int32, try node.integerConvolution(0, 1))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), w = try call.tensor(1)
    let convolution = try IntegerConvolution(input: x.dims, weight: w.dims, call.attributes)
    let sums = convolution(try call.centeredByScalar(x, zeroPoint: 2), try call.centeredFilters(w, zeroPoint: 3))
    return [Tensor(.int32, doubles: sums, dims: convolution.dims)]
  }
}
