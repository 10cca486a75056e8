import OneiroGraph

/// FusedGemm, ai.oneiro opset 1.
///
///     Y = activation(alpha * A' B' + beta * C + Z)     as Gemm; Z has Y's shape, what a residual connection adds
public enum FusedGemm: Operator {
  public static let schema = OpSchema(
    "FusedGemm", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("A", "T"), .one("B", "T"), .optional("C", "T"), .optional("Z", "T")], outputs: [.one("Y", "T")],
    attributes: Gemm.schema.attributes + [Activation.attribute], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    let type = try FusedBody.infer(Gemm.self, node, inputs: 3)
    if node.has(3) {
      let z = try node.tensor(3)
      guard z.agrees(with: type) else {
        throw node.fails(3, expected: "\(type), as the product", found: "\(z)")
      }
    }
    return [.tensor(type)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(node, schema, inputs: ["A", "B", "C", "Z"], output: try infer(node)[0])
    body.add(
      "Gemm", node.has(2) ? ["A", "B", "C"] : ["A", "B"], "product", FusedBody.attributes(node, for: Gemm.schema))
    guard node.has(3) else { return body.finish("product") }
    body.add("Add", ["product", "Z"], "sum")
    return body.finish("sum")
  }
}
