import OneiroGraph

/// UpsampledQuantizedConv, ai.oneiro opset 1.
///
///     Y = QuantizedConv(Resize(X), ...)     X [N,C,H,W] is enlarged to [N,C,2 H,2 W], each pixel repeated
///
/// Inputs and attributes are those of QuantizedConv.
public enum UpsampledQuantizedConv: Operator {
  public static let schema = OpSchema(
    "UpsampledQuantizedConv", domain: Model.oneiroDomain, since: 1, inputs: QuantizedConv.schema.inputs,
    outputs: [.one("Y", "TY")], attributes: QuantizedConv.schema.attributes, types: QuantizedConv.schema.types)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Upsampling.infer(node, as: QuantizedConv.self)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    try Upsampling.body(
      node, schema, as: QuantizedConv.self,
      inputs: ["X", "x_scale", "x_zero_point", "W", "w_scale", "B", "Z", "w_zero_point", "y_scale", "y_zero_point"])
  }
}
