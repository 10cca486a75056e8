import OneiroGraph

/// QuantizeGroupNormalization, ai.oneiro opset 1.
///
///     Y = QuantizeLinear(activation(GroupNormalization(X, scale, bias)), y_scale, y_zero_point)
///
/// Y has one scale, and the type of y_zero_point.
public enum QuantizeGroupNormalization: Operator {
  public static let schema = OpSchema(
    "QuantizeGroupNormalization", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("X", "T"), .one("scale", "T"), .one("bias", "T"), .one("y_scale", "T"), .one("y_zero_point", "TY"),
    ], outputs: [.one("Y", "TY")],
    attributes: [.float("epsilon", default: 1e-5), .required("num_groups", .int), Activation.attribute],
    types: ["T": ElementTypeSet([.float32]), "TY": ElementTypeSet([.uint8, .int8])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    try node.checkOneScale(3, zeroPoint: 4)
    let normalized = try FusedBody.infer(GroupNormalization.self, node, inputs: 3)
    return [.tensor(TensorType(try node.tensor(4).elementType, normalized.shape))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema, inputs: ["X", "scale", "bias", "y_scale", "y_zero_point"], output: try infer(node)[0])
    body.add(
      "GroupNormalization", ["X", "scale", "bias"], "normalized",
      FusedBody.attributes(node, for: GroupNormalization.schema))
    body.activate("normalized", "activated")
    body.add("QuantizeLinear", ["activated", "y_scale", "y_zero_point"], "Y")
    return body.graph
  }
}
