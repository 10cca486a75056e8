import OneiroGraph

/// FusedGroupNormalization, ai.oneiro opset 1.
///
///     Y = activation(GroupNormalization(X, scale, bias))     one walk over memory less
public enum FusedGroupNormalization: Operator {
  public static let schema = OpSchema(
    "FusedGroupNormalization", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("X", "T"), .one("scale", "T"), .one("bias", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("epsilon", default: 1e-5), .required("num_groups", .int), Activation.attribute],
    types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    return [.tensor(try FusedBody.infer(GroupNormalization.self, node, inputs: 3))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(node, schema, inputs: ["X", "scale", "bias"], output: try infer(node)[0])
    body.add(
      "GroupNormalization", ["X", "scale", "bias"], "normalized",
      FusedBody.attributes(node, for: GroupNormalization.schema))
    return body.finish("normalized")
  }
}
