import OneiroGraph

/// QuantizedGEGLU, ai.oneiro opset 1.
///
///     Y = QuantizeLinear(GEGLU(a * b' + C), y_scale, y_zero_point), [M, N / 2]
///
/// a, b' and C are those of QuantizedGemm, b' [K, N]. Y has one scale, and the type of y_zero_point.
public enum QuantizedGEGLU: Operator {
  public static let schema = OpSchema(
    "QuantizedGEGLU", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("A", "TA"), .one("a_scale", "T"), .one("a_zero_point", "TA"), .one("B", "TB"), .one("b_scale", "T"),
      .optional("C", "T"), .one("y_scale", "T"), .one("y_zero_point", "TY"),
    ], outputs: [.one("Y", "TY")],
    attributes: [.int("transB", default: 0), .string("approximate", default: "none")],
    types: [
      "TA": ElementTypeSet([.uint8, .int8]), "TB": ElementTypeSet([.int8]), "T": ElementTypeSet([.float32]),
      "TY": ElementTypeSet([.uint8, .int8]),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.checkOneScale(6, zeroPoint: 7)
    var product = node.node
    product.op = QuantizedGemm.schema.op
    product.inputs = Array(product.inputs.prefix(6))
    product.attributes = FusedBody.attributes(node, for: QuantizedGemm.schema)
    let types = try QuantizedGemm.infer(
      InferenceContext(
        node: product, schema: QuantizedGemm.schema, inputs: Array(node.inputs.prefix(6)),
        values: Array(node.values.prefix(6))))
    let type = try node.tensor(7).elementType
    guard let shape = types[0].tensorType?.shape else { return [.tensor(type, nil)] }
    guard let width = shape[1].extent else { return [.tensor(type, [shape[0], .unknown])] }
    guard width % 2 == 0 else { throw node.fails(3, expected: "two equal halves of columns", found: "\(width)") }
    return [.tensor(type, [shape[0], .known(width / 2)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema,
      inputs: ["A", "a_scale", "a_zero_point", "B", "b_scale", "C", "y_scale", "y_zero_point"],
      output: try infer(node)[0])
    let isTransposed = node.attributes.int("transB")
    body.add("DequantizeLinear", ["A", "a_scale", "a_zero_point"], "a")
    body.add("DequantizeLinear", ["B", "b_scale"], "b", ["axis": .int(isTransposed != 0 ? 0 : 1)])
    body.add("Gemm", node.has(5) ? ["a", "b", "C"] : ["a", "b"], "product", ["transB": .int(Int64(isTransposed))])
    body.add("Split", ["product"], ["value", "gate"], ["axis": .int(1), "num_outputs": .int(2)])
    let form = node.attributes.string("approximate")
    body.add("Gelu", ["gate"], "open", ["approximate": .string(Array(form.utf8))])
    body.add("Mul", ["value", "open"], "gated")
    body.add("QuantizeLinear", ["gated", "y_scale", "y_zero_point"], "Y")
    return body.graph
  }
}
