import OneiroGraph

/// GEGLU, ai.oneiro opset 1: https://arxiv.org/abs/2002.05202
///
///     Y = A * Gelu(B)     A and B are the halves of X along its last axis
public enum GEGLU: Operator {
  public static let schema = OpSchema(
    "GEGLU", domain: Model.oneiroDomain, since: 1, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.string("approximate", default: "none")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard let shape = x.shape else { return [.tensor(x)] }
    guard let last = shape.last else { throw node.fails(0, expected: "rank 1 or more", found: "rank 0") }
    guard let width = last.extent else { return [.tensor(x.elementType, shape.dropLast() + [.unknown])] }
    guard width % 2 == 0 else {
      throw node.fails(0, expected: "two equal halves along the last axis", found: "\(width)")
    }
    return [.tensor(x.elementType, shape.dropLast() + [.known(width / 2)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] { try referenceByBody(call) }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    let type = try infer(node)[0]
    return Graph(
      "GEGLU", inputs: [ValueInfo("X", node.inputs[0])], outputs: [ValueInfo("Y", type)],
      nodes: [
        Node(
          "Split", inputs: ["X"], outputs: ["value", "gate"],
          attributes: ["axis": .int(-1), "num_outputs": .int(2)]),
        Node(
          "Gelu", inputs: ["gate"], outputs: ["open"],
          attributes: ["approximate": .string(Array(node.attributes.string("approximate").utf8))]),
        Node("Mul", inputs: ["value", "open"], outputs: ["Y"]),
      ])
  }
}
