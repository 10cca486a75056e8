import OneiroGraph

/// The body of a fused operator while it is written: one standard operator after the other, in the order of the node.
struct FusedBody {
  private(set) var graph: Graph
  private let node: InferenceContext

  /// - inputs: formal names, one for each input that the schema has.
  init(_ node: InferenceContext, _ schema: OpSchema, inputs: [String], output: ValueType) {
    self.init(node, schema, inputs: inputs, outputs: [ValueInfo("Y", output)])
  }

  /// - outputs: formal ones, the last of which is `Y`.
  init(_ node: InferenceContext, _ schema: OpSchema, inputs: [String], outputs: [ValueInfo]) {
    self.node = node
    let types = inputs.indices.map { $0 < node.inputs.count ? node.inputs[$0] : nil }
    graph = Graph(
      schema.op.opType, inputs: zip(inputs, types).prefix(node.node.inputs.count).map { ValueInfo($0, $1) },
      outputs: outputs)
  }

  mutating func add(
    _ opType: String, domain: String = "", _ inputs: [String], _ output: String,
    _ attributes: [String: Attribute] = [:]
  ) {
    add(opType, domain: domain, inputs, [output], attributes)
  }

  mutating func add(
    _ opType: String, domain: String = "", _ inputs: [String], _ outputs: [String],
    _ attributes: [String: Attribute] = [:]
  ) {
    graph.nodes.append(Node(opType, domain: domain, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  mutating func add(initializer name: String, _ tensor: Tensor) { graph.addInitializer(name, tensor) }

  /// The node's activation.
  mutating func activate(_ value: String, _ output: String) {
    graph.nodes.append(Activation.node(node.attributes.string("activation"), from: value, to: output))
  }

  /// Ends the body with the node's activation of `value`.
  mutating func finish(_ value: String) -> Graph {
    activate(value, "Y")
    return graph
  }

  /// The same, and where input `scale` is there, quantized by it and the zero point behind it.
  mutating func finish(_ value: String, quantizedBy scale: Int) -> Graph {
    guard node.has(scale) else { return finish(value) }
    graph.nodes.append(Activation.node(node.attributes.string("activation"), from: value, to: "activated"))
    let inputs = [scale, scale + 1].filter(node.has).map { graph.inputs[$0].name }
    add("QuantizeLinear", ["activated"] + inputs, "Y")
    return graph
  }

  /// The node's attributes that `schema` knows.
  static func attributes(_ node: InferenceContext, for schema: OpSchema) -> [String: Attribute] {
    let known = Set(schema.attributes.map(\.name))
    return node.node.attributes.filter { known.contains($0.key) }
  }

  /// What `op` infers for the first `count` inputs.
  static func infer(_ op: any Operator.Type, _ node: InferenceContext, inputs count: Int) throws(GraphError)
    -> TensorType
  {
    try infer(
      op, node, names: Array(node.node.inputs.prefix(count)), Array(node.inputs.prefix(count)),
      values: Array(node.values.prefix(count)))
  }

  /// What `op` infers for values of the body.
  /// - values: one for each, where it is known; empty for none.
  /// - added: attributes beside those of the node that the operator knows.
  static func infer(
    _ op: any Operator.Type, _ node: InferenceContext, names: [String], _ types: [ValueType?], values: [Tensor?] = [],
    adding added: [String: Attribute] = [:]
  ) throws(GraphError) -> TensorType {
    var inner = node.node
    inner.op = op.schema.op
    inner.inputs = names
    inner.attributes = attributes(node, for: op.schema).merging(added) { $1 }
    let known = values.isEmpty ? types.map { _ in nil } : values
    let types = try op.infer(InferenceContext(node: inner, schema: op.schema, inputs: types, values: known))
    guard let type = types.first?.tensorType else { throw .invalid(node: node.node, nil, "has no tensor as output") }
    return type
  }
}

extension Operator {
  /// The outputs by running the body on reference kernels: the oracle of a fused operator.
  static func referenceByBody(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let types = call.inputs.map { $0.map(\.type) }
    let context = InferenceContext(
      node: call.node, schema: schema, inputs: types, values: [Tensor?](repeating: nil, count: types.count))
    let body: Graph
    do throws(GraphError) {
      _ = try infer(context)
      guard let made = try self.body(context) else { throw .invalid(node: call.node, nil, "has no body") }
      body = made
    } catch {
      throw KernelError(error.description)
    }
    var values = body.initializers.mapValues(Value.tensor)
    for (info, value) in zip(body.inputs, call.inputs) { values[info.name] = value }
    for node in body.nodes {
      guard let op = Operators.find(node.op) else { throw KernelError("unknown operator \(node.op)") }
      let inputs = node.inputs.map { values[$0] }
      let results = try op.evaluate(KernelCall(node: node, schema: op.schema, inputs: inputs))
      for (name, value) in zip(node.outputs, results) { values[name] = value }
    }
    return body.outputs.compactMap { values[$0.name]?.tensor }
  }
}
