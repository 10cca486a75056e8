import OneiroGraph

/// WeightQuantizedGemm, ai.oneiro opset 1.
///
///     Y = activation(A * b' + C + Z)     A: float32 [M, K]
///                                        b = DequantizeLinear(B, b_scale, b_zero_point), attributes axis, block_size
///
/// b' is b, or with `transB` b transposed. C broadcasts as Gemm's does, Z has Y's shape.
public enum WeightQuantizedGemm: Operator {
  public static let schema = OpSchema(
    "WeightQuantizedGemm", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("A", "T"), .one("B", "TB"), .one("b_scale", "T"), .optional("b_zero_point", "TB"), .optional("C", "T"),
      .optional("Z", "T"),
    ], outputs: [.one("Y", "T")],
    attributes: [.int("transB", default: 0), Activation.attribute] + QuantizedWeights.attributes,
    types: ["TB": QuantizedWeights.types, "T": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try QuantizedWeights.infer(node, as: FusedGemm.self)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema, inputs: ["A", "B", "b_scale", "b_zero_point", "C", "Z"], output: try infer(node)[0])
    QuantizedWeights.addDequantization(to: &body, node, ["B", "b_scale", "b_zero_point"], "b")
    let transposed = Int64(node.attributes.int("transB"))
    body.add("Gemm", node.has(4) ? ["A", "b", "C"] : ["A", "b"], "product", ["transB": .int(transposed)])
    guard node.has(5) else { return body.finish("product") }
    body.add("Add", ["product", "Z"], "sum")
    return body.finish("sum")
  }
}
