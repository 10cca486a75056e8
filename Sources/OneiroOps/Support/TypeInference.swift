import OneiroGraph

/// Finds the type of every value of a graph, from the types of its inputs and what is constant.
///
/// Small values that can be computed from constants and shapes are computed on the way, because the shapes behind a
/// Reshape or a Slice hang on them: exporters write `Shape -> Gather -> Concat -> Reshape` where a framework says
/// `view`.
public struct TypeInference: Sendable {
  /// The type of each value, as far as it is known.
  public private(set) var types: [String: ValueType]
  /// The values that do not depend on a run's inputs: initializers, constants, and small ones computed from these.
  public private(set) var values: [String: Tensor]

  /// The types of the graph's values by name.
  /// - inputs: types of graph inputs that are narrower than those that the graph states: shapes bound for a run.
  /// - Throws: what does not fit an operator, or contradicts a type that the graph states.
  public static func infer(_ graph: Graph, inputs: [String: ValueType] = [:]) throws(GraphError) -> [String: ValueType]
  {
    try TypeInference(graph, inputs: inputs).types
  }

  public init(_ graph: Graph, inputs: [String: ValueType] = [:]) throws(GraphError) {
    self.init(types: [:], values: [:])
    _ = try run(graph, inputs: inputs)
  }

  private init(types: [String: ValueType], values: [String: Tensor]) {
    self.types = types
    self.values = values
  }

  /// - Returns: the types of the graph's outputs.
  private mutating func run(_ graph: Graph, inputs: [String: ValueType]) throws(GraphError) -> [ValueType?] {
    for input in graph.inputs {
      hide(input.name)
      types[input.name] = try Self.merge(inputs[input.name], input.type, "input \"\(input.name)\"", nil)
    }
    let stated = Dictionary(graph.inputs.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
    for (name, tensor) in graph.initializers {
      let isDefault = stated[name] != nil
      // A caller that binds such an input gives it a value of its own.
      if isDefault && inputs[name] != nil { continue }
      types[name] = try Self.merge(
        .tensor(tensor.elementType, dims: tensor.dims), stated[name] ?? nil, "initializer \"\(name)\"", nil)
      values[name] = isDefault ? nil : tensor
    }
    for (name, sparse) in graph.sparseInitializers {
      hide(name)
      types[name] = .tensor(sparse.values.elementType, dims: sparse.dims)
    }
    var statedInside = graph.valueInfos
    for output in graph.outputs { if let type = output.type { statedInside[output.name] = type } }
    for node in graph.nodes { try infer(node, statedInside) }
    return graph.outputs.map { types[$0.name] }
  }

  /// Forgets an outer value that has the same name.
  private mutating func hide(_ name: String) {
    types[name] = nil
    values[name] = nil
  }

  private mutating func infer(_ node: Node, _ stated: [String: ValueType]) throws(GraphError) {
    for output in node.outputs where !output.isEmpty {
      hide(output)
      types[output] = stated[output]
    }
    // A call of a model-local function, which the checker has found: its types are known once it is inlined.
    guard let op = Operators.find(node.op) else { return }
    try NodeChecker.checkForm(node, op.schema)
    let inputs = node.inputs.map { types[$0] }
    try NodeChecker.checkTypes(node, op.schema, inputs)
    let areKnown = zip(node.inputs, inputs).allSatisfy { $0.isEmpty || $1 != nil }
    guard areKnown else { return }
    let context = InferenceContext(
      node: node, schema: op.schema, inputs: inputs, values: node.inputs.map { values[$0] },
      inferBody: bodyInference(of: node))
    for (name, type) in zip(node.outputs, try op.infer(context)) where !name.isEmpty {
      types[name] = try Self.merge(type, stated[name], "output \"\(name)\"", node)
    }
    if let results = knownResults(node, op) {
      for (name, value) in zip(node.outputs, results) where !name.isEmpty { values[name] = value }
    }
  }

  /// How the types of the outputs of a node's body follow from those of its inputs, where the surrounding graph's
  /// values have `types` and, as far as they are known, `values`.
  public static func bodyInference(
    of node: Node, types: [String: ValueType], values: [String: Tensor]
  ) -> @Sendable (Graph, [ValueType?]) throws(GraphError) -> [ValueType?] {
    TypeInference(types: types, values: values).bodyInference(of: node)
  }

  /// How the types of a body's outputs follow from those of its inputs.
  private func bodyInference(
    of node: Node
  ) -> @Sendable (Graph, [ValueType?]) throws(GraphError) -> [ValueType?] {
    // Without a body nothing is captured, so that the dictionaries stay in place instead of being copied for each node.
    let scope = node.bodies.isEmpty ? TypeInference(types: [:], values: [:]) : self
    return { (body, given) throws(GraphError) in
      let formal = body.inputs.count == given.count ? body.inputs : body.requiredInputs
      guard formal.count == given.count else {
        throw .mismatch(
          node: node, "body \"\(body.name)\"", expected: "\(given.count) inputs", found: "\(formal.count)",
          because: "the node gives it so many")
      }
      var inputs: [String: ValueType] = [:]
      for (info, type) in zip(formal, given) { inputs[info.name] = type }
      var inner = scope
      return try inner.run(body, inputs: inputs)
    }
  }

  /// What is inferred and what is stated, together.
  /// - Throws: when no value can have both types.
  static func merge(
    _ inferred: ValueType?, _ stated: ValueType?, _ what: String, _ node: Node?
  ) throws(GraphError) -> ValueType? {
    guard let inferred, let stated else { return inferred ?? stated }
    guard let merged = merge(inferred, stated) else {
      throw .mismatch(
        node: node, what, expected: "\(stated)", found: "\(inferred)", because: "the graph states that type")
    }
    return merged
  }

  private static func merge(_ inferred: ValueType, _ stated: ValueType) -> ValueType? {
    switch (inferred, stated) {
    case (.tensor(let a), .tensor(let b)): return merge(a, b).map(ValueType.tensor)
    case (.sparseTensor(let a), .sparseTensor(let b)): return merge(a, b).map(ValueType.sparseTensor)
    case (.sequence(let a), .sequence(let b)): return merge(a, b).map(ValueType.sequence)
    case (.optional(let a), .optional(let b)): return merge(a, b).map(ValueType.optional)
    // The file states that the value is there.
    case (.optional(let a), _): return merge(a, stated)
    case (.map(let key, let a), .map(let otherKey, let b)):
      return key == otherKey ? merge(a, b).map { .map(key: key, value: $0) } : nil
    default: return nil
    }
  }

  private static func merge(_ inferred: TensorType, _ stated: TensorType) -> TensorType? {
    guard inferred.elementType == stated.elementType else { return nil }
    guard let left = inferred.shape, let right = stated.shape else {
      return TensorType(inferred.elementType, inferred.shape ?? stated.shape)
    }
    guard left.count == right.count, zip(left, right).allSatisfy({ $0.agrees(with: $1) }) else { return nil }
    let shape = zip(left, right).map { mine, theirs in
      switch (mine, theirs) {
      case (.known, _), (.symbol, .symbol), (.symbol, .unknown): mine
      default: theirs
      }
    }
    return TensorType(inferred.elementType, shape)
  }
}

extension TypeInference {
  /// The most elements that a value computed here may have: longer than any shape, shorter than any picture.
  private static let largestCount = 4096
  /// Operators whose results differ from run to run.
  public static let random: Set<String> = [
    "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
  ]

  /// The node's results, when they depend on nothing that a run brings and are small.
  private func knownResults(_ node: Node, _ op: any Operator.Type) -> [Tensor?]? {
    if let dims = node.inputs.first.flatMap({ types[$0]?.tensorType?.dims }),
      let result = ShapeQuery.result(node, op.schema, dims: dims)
    {
      return [result]
    }
    if node.op == OpIdentifier("Constant") { return evaluate(node, op, []) }
    let inputs = node.inputs.map { values[$0] }
    guard !node.inputs.isEmpty, node.bodies.isEmpty, !(node.domain.isEmpty && Self.random.contains(node.opType)),
      zip(node.inputs, inputs).allSatisfy({ $0.isEmpty || $1.map { $0.count <= Self.largestCount } ?? false })
    else { return nil }
    let areSmall = node.outputs.allSatisfy { name in
      name.isEmpty
        || types[name]?.tensorType?.dims.flatMap(Tensor.elementCount).map { $0 <= Self.largestCount } ?? false
    }
    return areSmall ? evaluate(node, op, inputs) : nil
  }

  /// A kernel that cannot finish leaves the value unknown: the run says why, if it comes to the node.
  private func evaluate(_ node: Node, _ op: any Operator.Type, _ inputs: [Tensor?]) -> [Tensor?]? {
    let call = KernelCall(node: node, schema: op.schema, inputs: inputs.map { $0.map(Value.tensor) })
    return (try? op.evaluate(call))?.map { $0?.tensor }
  }
}
