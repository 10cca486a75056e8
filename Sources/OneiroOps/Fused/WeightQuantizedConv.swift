import OneiroGraph

/// WeightQuantizedConv, ai.oneiro opset 1.
///
///     Y = activation(Conv(X, w, B) + Z)     X: float32
///     w = DequantizeLinear(W, w_scale, w_zero_point), attributes axis, block_size
///
/// Z has Y's shape, or [N, M, 1, ...]: one number for each channel. Other attributes are those of Conv.
public enum WeightQuantizedConv: Operator {
  public static let schema = OpSchema(
    "WeightQuantizedConv", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("X", "T"), .one("W", "TW"), .one("w_scale", "T"), .optional("w_zero_point", "TW"), .optional("B", "T"),
      .optional("Z", "T"),
    ], outputs: [.one("Y", "T")],
    attributes: Conv.schema.attributes + [Activation.attribute] + QuantizedWeights.attributes,
    types: ["TW": QuantizedWeights.types, "T": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try QuantizedWeights.infer(node, as: FusedConv.self)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema, inputs: ["X", "W", "w_scale", "w_zero_point", "B", "Z"], output: try infer(node)[0])
    QuantizedWeights.addDequantization(to: &body, node, ["W", "w_scale", "w_zero_point"], "w")
    body.add(
      "Conv", node.has(4) ? ["X", "w", "B"] : ["X", "w"], "convolved", FusedBody.attributes(node, for: Conv.schema))
    guard node.has(5) else { return body.finish("convolved") }
    body.add("Add", ["convolved", "Z"], "sum")
    return body.finish("sum")
  }
}
