import OneiroGraph

/// FusedConv, ai.oneiro opset 1.
///
///     Y = activation(Conv(X, W, B) + Z)     Z has Y's shape, or [N, M, 1, ...]: one number for each channel
public enum FusedConv: Operator {
  public static let schema = OpSchema(
    "FusedConv", domain: Model.oneiroDomain, since: 1,
    inputs: [.one("X", "T"), .one("W", "T"), .optional("B", "T"), .optional("Z", "T")], outputs: [.one("Y", "T")],
    attributes: Conv.schema.attributes + [Activation.attribute], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try Activation.check(node)
    let type = try FusedBody.infer(Conv.self, node, inputs: 3)
    if node.has(3) { try checkAdded(node, 3, to: type) }
    return [.tensor(type)]
  }

  /// What is added to a convolution of `type` has its shape, or one number for each image and channel.
  static func checkAdded(_ node: InferenceContext, _ index: Int, to type: TensorType) throws(GraphError) {
    let z = try node.tensor(index)
    let perChannel = type.shape.map {
      TensorType(type.elementType, $0.prefix(2) + $0.dropFirst(2).map { _ in .known(1) })
    }
    guard z.agrees(with: type) || perChannel.map(z.agrees) ?? true else {
      throw node.fails(index, expected: "\(type), or a number for each channel", found: "\(z)")
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    var body = FusedBody(node, schema, inputs: ["X", "W", "B", "Z"], output: try infer(node)[0])
    body.add(
      "Conv", node.has(2) ? ["X", "W", "B"] : ["X", "W"], "convolved", FusedBody.attributes(node, for: Conv.schema))
    guard node.has(3) else { return body.finish("convolved") }
    body.add("Add", ["convolved", "Z"], "sum")
    return body.finish("sum")
  }
}
