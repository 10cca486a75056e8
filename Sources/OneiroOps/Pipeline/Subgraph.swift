import OneiroGraph

/// ai.oneiro.Subgraph, version 1: one interchangeable part of a pipeline.
///
///     outputs = body(inputs)
///
/// The body's inputs and outputs are the node's in order. `role` ("eeg_encoder") names the part, so that a command can
/// replace it or pick a backend for it.
public enum Subgraph: Operator {
  public static let schema = OpSchema(
    "Subgraph", domain: Model.oneiroDomain, since: 1,
    inputs: [.variadic("inputs", "V", atLeast: 0, sameType: false)],
    outputs: [.variadic("outputs", "V", atLeast: 1, sameType: false)],
    attributes: [.required("role", .string), .required("body", .graph)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    guard let body = node.attributes.graph("body") else { throw node.fails("attribute body", "is missing") }
    try BodySignature.check(
      body, role: node.attributes.string("role"), takes: node.inputs, gives: node.node.outputs.count, node.node)
    let inferred = try node.inferBody(body, node.inputs)
    var types: [ValueType] = []
    for (output, type) in zip(body.outputs, inferred) {
      guard let type = type ?? output.type else {
        throw node.fails("output \"\(output.name)\" of the body", "has no known type")
      }
      types.append(type)
    }
    return types
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    guard let body = call.attributes.graph("body") else { throw call.fails("has no body") }
    return try call.runBody(body, call.inputs.compactMap { $0 })
  }
}

/// Whether a graph can be the body of a pipeline node.
enum BodySignature {
  /// Refuses a body whose inputs or outputs do not fit what the pipeline gives and takes.
  /// - takes: the types that come in, in order.
  /// - gives: how many outputs the node reads.
  static func check(
    _ body: Graph, role: String, takes inputs: [ValueType?], gives outputCount: Int, _ node: Node
  ) throws(GraphError) {
    let formal = body.requiredInputs
    guard formal.count == inputs.count else {
      throw .mismatch(
        node: node, "body of role \"\(role)\"", expected: "\(inputs.count) inputs",
        found: "\(formal.count): \(formal.map(\.name).joined(separator: ", "))")
    }
    guard body.outputs.count >= outputCount else {
      throw .mismatch(
        node: node, "body of role \"\(role)\"", expected: "\(outputCount) outputs or more",
        found: "\(body.outputs.count)")
    }
    for (info, given) in zip(formal, inputs) {
      guard let wanted = info.type, let given else { continue }
      guard fits(given, wanted) else {
        throw .mismatch(
          node: node, "input \"\(info.name)\" of role \"\(role)\"", expected: "\(wanted)", found: "\(given)")
      }
    }
  }

  private static func fits(_ given: ValueType, _ wanted: ValueType) -> Bool {
    guard let given = given.tensorType, let wanted = wanted.tensorType else { return true }
    guard given.elementType == wanted.elementType else { return false }
    guard let left = given.shape, let right = wanted.shape else { return true }
    return left.count == right.count && zip(left, right).allSatisfy { $0.agrees(with: $1) }
  }
}
