import OneiroGraph

/// What a fused operator does to every element at the end: the attribute `activation` is an operator's name, or "".
public enum Activation {
  /// The names that mean something: operators of one input and no attributes.
  static let names = ["", "Gelu", "HardSwish", "Relu", "SiLU", "Sigmoid", "Tanh"]

  static let attribute = OpSchema.AttributeSchema.string("activation", default: "")

  static func check(_ node: InferenceContext) throws(GraphError) {
    let name = node.attributes.string("activation")
    guard names.contains(name) else {
      throw .mismatch(
        node: node.node, "attribute activation", expected: names.map { "\"\($0)\"" }.joined(separator: ", "),
        found: "\"\(name)\"")
    }
  }

  /// The node from `input` to `output`; an Identity where there is no activation.
  public static func node(_ name: String, from input: String, to output: String) -> Node {
    Node(
      name.isEmpty ? "Identity" : name, domain: name == "SiLU" ? Model.oneiroDomain : "", inputs: [input],
      outputs: [output])
  }
}
