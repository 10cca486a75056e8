import OneiroGraph

/// QLinearConv, ai.onnx opset 10: https://onnx.ai/onnx/operators/onnx__QLinearConv.html
///
///     y = saturate(round((conv(x - x_zero_point, w - w_zero_point) + B) * x_scale * w_scale / y_scale) + y_zero_point)
///
/// Scale and zero point of `w` may differ from filter to filter. B [M] is int32 in units of x_scale * w_scale.
public enum QLinearConv: Operator {
  private static let bytes = ElementTypeSet([.int8, .uint8])

  public static let schema = OpSchema(
    "QLinearConv", since: 10,
    inputs: [
      .one("x", "T1"), .one("x_scale", "TS"), .one("x_zero_point", "T1"), .one("w", "T2"), .one("w_scale", "TS"),
      .one("w_zero_point", "T2"), .one("y_scale", "TS"), .one("y_zero_point", "T3"), .optional("B", "T4"),
    ], outputs: [.one("y", "T3")], attributes: IntegerConvolution.attributes,
    types: [
      "T1": bytes, "T2": bytes, "T3": bytes, "T4": ElementTypeSet([.int32]), "TS": ElementTypeSet([.float32]),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(7), try node.integerConvolution(0, 3))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), w = try call.tensor(3)
    let convolution = try IntegerConvolution(input: x.dims, weight: w.dims, call.attributes)
    let filters = w.dims[0]
    let inputScale = try call.tensor(1).doubles(), filterScales = try call.tensor(4).doubles()
    let outputScale = try call.tensor(6).doubles(), zeroPoint = try call.tensor(7).doubles()
    let bias = call.optionalTensor(8)?.doubles()
    guard inputScale.count == 1, outputScale.count == 1, zeroPoint.count == 1,
      filterScales.count == 1 || filterScales.count == filters, bias == nil || bias?.count == filters
    else { throw call.fails("scales, zero points or bias do not fit \(filters) filters") }
    var y = convolution(try call.centeredByScalar(x, zeroPoint: 2), try call.centeredFilters(w, zeroPoint: 5))
    let plane = Shape.count(convolution.dims[2...])
    for index in y.indices {
      let filter = index / plane % filters
      let factor = inputScale[0] * filterScales[filterScales.count == 1 ? 0 : filter] / outputScale[0]
      y[index] = ((y[index] + (bias?[filter] ?? 0)) * factor).rounded(.toNearestOrEven) + zeroPoint[0]
    }
    return [Tensor(try call.tensor(7).elementType, quantized: y, dims: convolution.dims)]
  }
}
