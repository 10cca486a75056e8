import OneiroGraph

/// UpsampledConv, ai.oneiro opset 1.
///
///     Y = FusedConv(Resize(X), W, B, Z)     X [N,C,H,W] is enlarged to [N,C,2 H,2 W], each pixel repeated
///
/// Attributes are those of FusedConv.
public enum UpsampledConv: Operator {
  public static let schema = OpSchema(
    "UpsampledConv", domain: Model.oneiroDomain, since: 1, inputs: FusedConv.schema.inputs, outputs: [.one("Y", "T")],
    attributes: FusedConv.schema.attributes, types: FusedConv.schema.types)

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Upsampling.infer(node, as: FusedConv.self)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    try Upsampling.body(node, schema, as: FusedConv.self, inputs: ["X", "W", "B", "Z"])
  }
}
