import OneiroGraph
import OneiroOps

/// Infers and runs one operator the way a session does, and checks on the way that both agree on types and shapes.
func run(
  _ opType: String, domain: String = "", _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:], outputs: Int = 1
) throws -> [Tensor] {
  let (op, node) = try find(opType, domain: domain, inputs, attributes, outputs: outputs)
  let types = try op.infer(context(op, node, inputs))
  let results = try op.reference(KernelCall(node: node, schema: op.schema, inputs: inputs.map { $0.map(Value.tensor) }))
  for (type, result) in zip(types, results) where type != .tensor(result.elementType, dims: result.dims) {
    throw GraphError.mismatch(
      node: node, "output", expected: "\(type)", found: "\(Value.tensor(result).type)", because: "that was inferred")
  }
  return results
}

/// Infers one operator from the types and values of its inputs.
func infer(
  _ opType: String, domain: String = "", _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:]
) throws -> [ValueType] {
  let (op, node) = try find(opType, domain: domain, inputs, attributes, outputs: 1)
  return try op.infer(context(op, node, inputs))
}

private func find(
  _ opType: String, domain: String, _ inputs: [Tensor?], _ attributes: [String: Attribute], outputs: Int
) throws -> (any Operator.Type, Node) {
  let node = Node(
    opType, domain: domain, inputs: inputs.enumerated().map { $1 == nil ? "" : "input\($0)" },
    outputs: (0..<outputs).map { "output\($0)" }, attributes: attributes)
  guard let op = Operators.find(node.op) else { throw GraphError.invalid(node: node, nil, "is not known") }
  return (op, node)
}

private func context(_ op: any Operator.Type, _ node: Node, _ inputs: [Tensor?]) -> InferenceContext {
  InferenceContext(
    node: node, schema: op.schema, inputs: inputs.map { $0.map { .tensor($0.elementType, dims: $0.dims) } },
    values: inputs)
}

func floats(_ values: [Float], _ dims: [Int]? = nil) -> Tensor { Tensor(values, dims: dims ?? [values.count]) }
func int64s(_ values: [Int64], _ dims: [Int]? = nil) -> Tensor { Tensor(values, dims: dims ?? [values.count]) }
