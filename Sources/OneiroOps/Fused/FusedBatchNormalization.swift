import OneiroGraph

/// FusedBatchNormalization, ai.oneiro opset 1.
///
///     Y = activation(BatchNormalization(X, scale, B, mean, var))     mean and variance are given
///
/// With y_scale, Y is quantized in the end, as by QuantizeLinear with y_scale and y_zero_point.
public enum FusedBatchNormalization: Operator {
  public static let schema = OpSchema(
    "FusedBatchNormalization", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("X", "T"), .one("scale", "T"), .one("B", "T"), .one("input_mean", "T"), .one("input_var", "T"),
      .optional("y_scale", "T"), .optional("y_zero_point", "TZ"),
    ], outputs: [.one("Y", "TY")],
    attributes: [.float("epsilon", default: 1e-5), Activation.attribute],
    types: [
      "T": ElementTypeSet([.float32]), "TY": ElementTypeSet([.float32, .uint8, .int8]),
      "TZ": ElementTypeSet([.uint8, .int8]),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    let normalized = try FusedBody.infer(BatchNormalization.self, node, inputs: 5)
    return [.tensor(try node.quantizedOutput(5), normalized.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    let normalized = ["X", "scale", "B", "input_mean", "input_var"]
    var body = FusedBody(node, schema, inputs: normalized + ["y_scale", "y_zero_point"], output: try infer(node)[0])
    body.add(
      "BatchNormalization", normalized, "normalized", FusedBody.attributes(node, for: BatchNormalization.schema))
    return body.finish("normalized", quantizedBy: 5)
  }
}
