import OneiroGraph

/// QuantizeLayerNormalization, ai.oneiro opset 1.
///
///     Y = QuantizeLinear(LayerNormalization(X, scale, bias), y_scale, y_zero_point)
///
/// Y has one scale, and the type of y_zero_point.
public enum QuantizeLayerNormalization: Operator {
  public static let schema = OpSchema(
    "QuantizeLayerNormalization", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("X", "T"), .one("scale", "T"), .optional("bias", "T"), .one("y_scale", "T"), .one("y_zero_point", "TY"),
    ], outputs: [.one("Y", "TY")],
    attributes: [.int("axis", default: -1), .float("epsilon", default: 1e-5)],
    types: ["T": ElementTypeSet([.float32]), "TY": ElementTypeSet([.uint8, .int8])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.checkOneScale(3, zeroPoint: 4)
    let normalized = try FusedBody.infer(LayerNormalization.self, node, inputs: 3)
    return [.tensor(TensorType(try node.tensor(4).elementType, normalized.shape))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema, inputs: ["X", "scale", "bias", "y_scale", "y_zero_point"], output: try infer(node)[0])
    body.add(
      "LayerNormalization", node.has(2) ? ["X", "scale", "bias"] : ["X", "scale"], "normalized",
      FusedBody.attributes(node, for: LayerNormalization.schema))
    body.add("QuantizeLinear", ["normalized", "y_scale", "y_zero_point"], "Y")
    return body.graph
  }
}
