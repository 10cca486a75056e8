import OneiroGraph

/// QuantizedConv, ai.oneiro opset 1.
///
///     Y = activation(Conv(x, w, B) + Z)     x = DequantizeLinear(X, x_scale, x_zero_point), one scale
///                                           w = DequantizeLinear(W, w_scale, w_zero_point), one scale, or one for each
///                                               output channel
///
/// With y_scale, Y is quantized in the end, as by QuantizeLinear with y_scale and y_zero_point. Z has Y's shape, or
/// [N, M, 1, ...]: one number for each channel. Attributes are those of Conv.
public enum QuantizedConv: Operator {
  public static let schema = OpSchema(
    "QuantizedConv", domain: Model.oneiroDomain, since: 1,
    inputs: [
      .one("X", "TX"), .one("x_scale", "T"), .one("x_zero_point", "TX"), .one("W", "TW"), .one("w_scale", "T"),
      .optional("B", "T"), .optional("Z", "T"), .optional("w_zero_point", "TW"),
      .optional("y_scale", "T"), .optional("y_zero_point", "TZ"),
    ], outputs: [.one("Y", "TY")], attributes: Conv.schema.attributes + [Activation.attribute],
    types: [
      "TX": ElementTypeSet([.uint8, .int8]), "TW": ElementTypeSet([.int8, .uint8]), "T": ElementTypeSet([.float32]),
      "TY": ElementTypeSet([.float32, .uint8, .int8]), "TZ": ElementTypeSet([.uint8, .int8]),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    try node.checkOneScale(1, zeroPoint: 2)
    let x = try node.tensor(0), w = try node.tensor(3)
    if let channels = w.shape?.first { try node.checkWeightScales(4, zeroPoint: 7, channels: channels) }
    let types: [ValueType?] = [
      .tensor(TensorType(.float32, x.shape)), .tensor(TensorType(.float32, w.shape)),
      node.has(5) ? node.inputs[5] : nil,
    ]
    var convolution = node.node
    convolution.op = Conv.schema.op
    convolution.inputs = [0, 3, 5].map { $0 < node.node.inputs.count ? node.node.inputs[$0] : "" }
    convolution.attributes = FusedBody.attributes(node, for: Conv.schema)
    let inferred = try Conv.infer(
      InferenceContext(node: convolution, schema: Conv.schema, inputs: types, values: [nil, nil, nil]))
    guard let type = inferred.first?.tensorType else { throw .invalid(node: node.node, nil, "has no tensor as output") }
    if node.has(6) { try FusedConv.checkAdded(node, 6, to: type) }
    return [.tensor(try node.quantizedOutput(8), type.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(
      node, schema,
      inputs: ["X", "x_scale", "x_zero_point", "W", "w_scale", "B", "Z", "w_zero_point", "y_scale", "y_zero_point"],
      output: try infer(node)[0])
    body.add("DequantizeLinear", ["X", "x_scale", "x_zero_point"], "x")
    body.add(
      "DequantizeLinear", node.has(7) ? ["W", "w_scale", "w_zero_point"] : ["W", "w_scale"], "w", ["axis": .int(0)])
    body.add(
      "Conv", node.has(5) ? ["x", "w", "B"] : ["x", "w"], "convolved", FusedBody.attributes(node, for: Conv.schema))
    guard node.has(6) else { return body.finish("convolved", quantizedBy: 8) }
    body.add("Add", ["convolved", "Z"], "sum")
    return body.finish("sum", quantizedBy: 8)
  }
}
