import OneiroGraph

/// QuantizedGemm, ai.oneiro opset 1.
///
///     Y = activation(a * b' + C + Z)     a = DequantizeLinear(A, a_scale, a_zero_point), [M, K], one scale
///                                        b = DequantizeLinear(B, b_scale, b_zero_point), one scale, or one for each
///                                            column of b'
///
/// With y_scale, Y is quantized in the end, as by QuantizeLinear with y_scale and y_zero_point. b' is b, or with
/// `transB` b transposed. Z has Y's shape.
public enum QuantizedGemm: Operator {
  public static let schema = OpSchema(
    "QuantizedGemm", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("A", "TA"), .one("a_scale", "T"), .one("a_zero_point", "TA"), .one("B", "TB"), .one("b_scale", "T"),
      .optional("C", "T"), .optional("Z", "T"), .optional("b_zero_point", "TB"),
      .optional("y_scale", "T"), .optional("y_zero_point", "TZ"),
    ], outputs: [.one("Y", "TY")], attributes: [.int("transB", default: 0), Activation.attribute],
    types: [
      "TA": ElementTypeSet([.uint8, .int8]), "TB": ElementTypeSet([.int8, .uint8]), "T": ElementTypeSet([.float32]),
      "TY": ElementTypeSet([.float32, .uint8, .int8]), "TZ": ElementTypeSet([.uint8, .int8]),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    try node.checkOneScale(1, zeroPoint: 2)
    let a = try node.tensor(0), b = try node.tensor(3)
    guard let left = a.shape, let right = b.shape else { return [.tensor(try node.quantizedOutput(8), nil)] }
    let isTransposed = node.attributes.int("transB") != 0
    guard left.count == 2 else { throw node.fails(0, expected: "a matrix", found: "\(a)") }
    guard right.count == 2 else { throw node.fails(3, expected: "a matrix", found: "\(b)") }
    let (depth, columns) = isTransposed ? (right[1], right[0]) : (right[0], right[1])
    guard left[1].agrees(with: depth) else {
      throw node.fails(3, expected: "\(left[1]) along the inner axis", found: "\(b)")
    }
    try node.checkWeightScales(4, zeroPoint: 7, channels: columns)
    let type = TensorType(.float32, [left[0], columns])
    if node.has(6), try !node.tensor(6).agrees(with: type) {
      throw node.fails(6, expected: "\(type), as the product", found: "\(try node.tensor(6))")
    }
    return [.tensor(try node.quantizedOutput(8), type.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema,
      inputs: ["A", "a_scale", "a_zero_point", "B", "b_scale", "C", "Z", "b_zero_point", "y_scale", "y_zero_point"],
      output: try infer(node)[0])
    let isTransposed = node.attributes.int("transB")
    body.add("DequantizeLinear", ["A", "a_scale", "a_zero_point"], "a")
    body.add(
      "DequantizeLinear", node.has(7) ? ["B", "b_scale", "b_zero_point"] : ["B", "b_scale"], "b",
      ["axis": .int(isTransposed != 0 ? 0 : 1)])
    body.add("Gemm", node.has(5) ? ["a", "b", "C"] : ["a", "b"], "product", ["transB": .int(Int64(isTransposed))])
    guard node.has(6) else { return body.finish("product", quantizedBy: 8) }
    body.add("Add", ["product", "Z"], "sum")
    return body.finish("sum", quantizedBy: 8)
  }
}
