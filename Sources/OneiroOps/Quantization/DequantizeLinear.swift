import OneiroGraph

/// DequantizeLinear, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
///
///     y = (x - x_zero_point) * x_scale
///
/// One scale for the tensor, for each position along `axis`, or for each `block_size` positions along it.
public enum DequantizeLinear: Operator {
  private static let real = ElementTypeSet([.float16, .bfloat16, .float32])

  public static let schema = OpSchema(
    "DequantizeLinear", since: 23, inputs: [.one("x", "T1"), .one("x_scale", "T2"), .optional("x_zero_point", "T1")],
    outputs: [.one("y", "T3")],
    attributes: [.int("axis", default: 1), .int("block_size", default: 0), .int("output_dtype", default: 0)],
    types: [
      "T1": ElementTypeSet([.uint8, .int8, .uint16, .int16, .int32]).union(.fourBit).union(.twoBit)
        .union(.signedFloat8s),
      "T2": real.union(ElementTypeSet([.float8e8m0])), "T3": real,
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.checkQuantization()
    let type =
      node.attributes.int("output_dtype") == 0
      ? try node.elementType(1) : try node.elementType(attribute: "output_dtype", of: real)
    return [.tensor(type, try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    let type =
      call.attributes.int("output_dtype") == 0
      ? try call.tensor(1).elementType : try call.elementType(attribute: "output_dtype")
    guard real.contains(type) else { throw call.fails("cannot dequantize to \(type.name)") }
    let (layout, scales, zeroPoints) = try call.quantization()
    var values = x.doubles()
    layout.forEach(values.count) { index, scale in values[index] = (values[index] - zeroPoints[scale]) * scales[scale] }
    return [Tensor(type, doubles: values, dims: x.dims)]
  }
}
