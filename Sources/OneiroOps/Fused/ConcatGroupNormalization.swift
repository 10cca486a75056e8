import OneiroGraph

/// ConcatGroupNormalization, ai.oneiro opset 1.
///
///     Joined = Concat(A, B)     along channels
///     Y = activation(GroupNormalization(Joined, scale, bias))
///
/// With y_scale, Y is quantized in the end, as by QuantizeLinear with y_scale and y_zero_point.
public enum ConcatGroupNormalization: Operator {
  public static let schema = OpSchema(
    "ConcatGroupNormalization", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("A", "T"), .one("B", "T"), .one("scale", "T"), .one("bias", "T"), .optional("y_scale", "T"),
      .optional("y_zero_point", "TZ"),
    ], outputs: [.one("Joined", "T"), .one("Y", "TY")],
    attributes: [.float("epsilon", default: 1e-5), .required("num_groups", .int), Activation.attribute],
    types: [
      "T": ElementTypeSet([.float32]), "TY": ElementTypeSet([.float32, .uint8, .int8]),
      "TZ": ElementTypeSet([.uint8, .int8]),
    ])

  private static let channels: [String: Attribute] = ["axis": .int(1)]

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    let joined = try FusedBody.infer(
      Concat.self, node, names: ["A", "B"], Array(node.inputs.prefix(2)), adding: channels)
    let normalized = try FusedBody.infer(
      GroupNormalization.self, node, names: ["Joined", "scale", "bias"],
      [.tensor(joined)] + node.inputs.dropFirst(2).prefix(2))
    return [.tensor(joined), .tensor(try node.quantizedOutput(4), normalized.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    let types = try infer(node)
    var body = FusedBody(
      node, schema, inputs: ["A", "B", "scale", "bias", "y_scale", "y_zero_point"],
      outputs: [ValueInfo("Joined", types[0]), ValueInfo("Y", types[1])])
    body.add("Concat", ["A", "B"], "Joined", channels)
    body.add(
      "GroupNormalization", ["Joined", "scale", "bias"], "normalized",
      FusedBody.attributes(node, for: GroupNormalization.schema))
    return body.finish("normalized", quantizedBy: 4)
  }
}
