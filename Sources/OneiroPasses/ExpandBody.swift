import OneiroGraph
import OneiroOps

/// A fused operator  →  the nodes of its body, for a backend that has no kernel for it.
public struct ExpandBody {
  public let nodes: [Node]
  /// Types of the values that are new.
  public let types: [String: TensorType]
  public let constants: [String: Tensor]

  /// - types: of the values that the node reads, with bound shapes.
  /// - Returns: `nil` when the operator has no body.
  public static func expand(
    _ node: Node, _ op: any Operator.Type, types: [String: TensorType], constants: [String: Tensor]
  ) throws(GraphError) -> ExpandBody? {
    let context = InferenceContext(
      node: node, schema: op.schema, inputs: node.inputs.map { types[$0].map(ValueType.tensor) },
      values: node.inputs.map { constants[$0] })
    guard let body = try op.body(context) else { return nil }
    return try ExpandBody(body, of: node)
  }

  private init(_ body: Graph, of node: Node) throws(GraphError) {
    var inliner = GraphInliner(
      prefix: "\(node.key ?? node.label)/", formalInputs: body.inputs.map(\.name), inputs: node.inputs,
      formalOutputs: body.outputs.map(\.name), outputs: node.outputs)
    let inferred = try TypeInference.infer(body)
    nodes = inliner.inline(body.nodes, locals: Array(body.initializers.keys)) { $0.metadata = node.metadata }
    let inputs = Set(body.inputs.map(\.name))
    var types: [String: TensorType] = [:], constants: [String: Tensor] = [:]
    for (name, type) in inferred where !inputs.contains(name) { types[inliner.name(name)] = type.tensorType }
    for (name, tensor) in body.initializers { constants[inliner.name(name)] = tensor }
    (self.types, self.constants) = (types, constants)
  }
}
