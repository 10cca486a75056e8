import OneiroGraph

/// QuantizeLinear, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
///
///     y = saturate(round(x / y_scale) + y_zero_point)     halves to the even number
///
/// One scale for the tensor, for each position along `axis`, or for each `block_size` positions along it. float8 and
/// float4 are not rounded to whole numbers but to their own steps.
public enum QuantizeLinear: Operator {
  private static let quantized = ElementTypeSet([.uint8, .int8, .uint16, .int16]).union(.fourBit).union(.twoBit)
    .union(.signedFloat8s)

  public static let schema = OpSchema(
    "QuantizeLinear", since: 23, inputs: [.one("x", "T1"), .one("y_scale", "T2"), .optional("y_zero_point", "T3")],
    outputs: [.one("y", "T3")],
    attributes: [
      .int("axis", default: 1), .int("block_size", default: 0), .int("output_dtype", default: 0),
      .int("precision", default: 0), .int("saturate", default: 1),
    ],
    types: [
      "T1": ElementTypeSet([.float16, .bfloat16, .float32, .int32]),
      "T2": ElementTypeSet([.float16, .bfloat16, .float32, .int32, .float8e8m0]), "T3": quantized,
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.checkQuantization()
    let zeroPoint = node.has(2) ? try node.elementType(2) : nil
    guard node.attributes.int("output_dtype") != 0 else { return [.tensor(zeroPoint ?? .uint8, try node.shape(0))] }
    let type = try node.elementType(attribute: "output_dtype", of: quantized)
    if let zeroPoint, zeroPoint != type {
      throw node.fails(2, expected: type.name, found: zeroPoint.name, because: "that is attribute output_dtype")
    }
    return [.tensor(type, try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), scale = try call.tensor(1)
    let type =
      call.attributes.int("output_dtype") == 0
      ? call.optionalTensor(2)?.elementType ?? .uint8 : try call.elementType(attribute: "output_dtype")
    guard quantized.contains(type) else { throw call.fails("cannot quantize to \(type.name)") }
    let precision =
      call.attributes.int("precision") == 0
      ? scale.elementType : try call.elementType(attribute: "precision")
    let (layout, scales, zeroPoints) = try call.quantization()
    let isWhole = type.isInteger
    var values = x.doubles()
    layout.forEach(values.count) { index, scale in
      let quotient = (values[index] / scales[scale]).rounded(as: precision)
      values[index] = (isWhole ? quotient.rounded(.toNearestOrEven) : quotient) + zeroPoints[scale]
    }
    return [Tensor(type, quantized: values, saturate: call.attributes.bool("saturate"), dims: x.dims)]
  }
}
