import OneiroGraph
import OneiroOps
import OneiroPasses

/// One walk of the planner over a graph: computes what can be computed, keeps what a run has to do, and puts off what
/// hangs on data.
struct GraphWalk {
  private let planner: Planner
  private let graph: Graph
  private let cadence: [[String]]
  private var table = ValueTable()
  /// Nodes that a run has to do.
  private var kept: [Node] = []
  private var inputs: [(name: String, type: TensorType)] = []
  private var putOff: [Node] = []
  private var decisive: Set<String> = []
  private var foldedNodeCount = 0
  /// Values that products and convolutions read as their weights.
  private let weights: Set<String>

  init(planner: Planner, graph: Graph, cadence: [[String]]) {
    self.planner = planner
    self.graph = graph
    self.cadence = cadence
    let products = graph.nodes.lazy.filter { $0.domain.isEmpty && Self.products.contains($0.opType) }
    weights = Set(products.compactMap { $0.inputs.dropFirst().first })
  }

  private static let products: Set<String> = ["Conv", "Gemm", "MatMul"]

  mutating func bind(_ bindings: [String: Planner.Binding]) throws(RunError) {
    for (name, tensor) in graph.initializers { table[name] = .known(.tensor(tensor)) }
    for (name, sparse) in graph.sparseInitializers {
      let type = TensorType(sparse.values.elementType, dims: sparse.dims)
      guard let count = Tensor.elementCount(sparse.dims).flatMap(type.elementType.byteCount),
        count <= PhysicalMemory.byteCount / 4
      else {
        throw .graph(
          .mismatch("sparse initializer \"\(name)\"", expected: "a size that fits into memory", found: "\(type)"))
      }
      do throws(GraphError) { table[name] = .known(.tensor(try sparse.dense())) } catch { throw .graph(error) }
    }
    var extents: [String: (extent: Int, input: String)] = [:]
    for input in graph.inputs {
      if case .type(let type) = bindings[input.name] { try Self.bindSymbols(input, type, &extents) }
      switch bindings[input.name] {
      case .value(let value):
        try Self.check(input, value.type)
        table[input.name] = .known(value)
      case .type(let type):
        try Self.check(input, .tensor(type))
        try Self.checkSize(type, of: input.name, node: nil)
        table[input.name] = .computed(type)
        inputs.append((input.name, type))
      case nil:
        guard graph.initializers[input.name] != nil else {
          let type = input.type.map { ", \($0)" } ?? ""
          throw .graph(.invalid("input \"\(input.name)\"", "is missing\(type)"))
        }
      }
    }
    if let stranger = bindings.keys.filter({ name in !graph.inputs.contains { $0.name == name } }).sorted().first {
      let names = graph.inputs.map(\.name).joined(separator: ", ")
      throw .graph(
        .mismatch("input \"\(stranger)\"", expected: "one of \(names)", found: "a name that the graph has not"))
    }
  }

  /// A name that stands for an extent stands for one alone.
  private static func bindSymbols(
    _ input: ValueInfo, _ given: TensorType, _ extents: inout [String: (extent: Int, input: String)]
  ) throws(RunError) {
    guard let stated = input.type?.tensorType?.shape, let dims = given.dims, stated.count == dims.count else { return }
    for (dimension, extent) in zip(stated, dims) {
      guard case .symbol(let name) = dimension else { continue }
      if let known = extents[name], known.extent != extent {
        throw .graph(
          .mismatch(
            "input \"\(input.name)\"", expected: "\(name) = \(known.extent)", found: "\(extent)",
            because: "input \"\(known.input)\" has that"))
      }
      extents[name] = (extent, input.name)
    }
  }

  private static func check(_ input: ValueInfo, _ given: ValueType) throws(RunError) {
    guard let stated = input.type else { return }
    var fits = stated == given
    if let wanted = stated.tensorType {
      let found = given.tensorType
      let shapesAgree = wanted.shape.flatMap { shape in
        found?.shape.map { $0.count == shape.count && zip(shape, $0).allSatisfy { $0.agrees(with: $1) } }
      }
      fits = wanted.elementType == found?.elementType && shapesAgree ?? true
    } else if given.tensorType == nil {
      // Sequences, optionals and maps state the type of what is in them; their kernels check that.
      fits = true
    } else if case .optional = stated {
      fits = true
    }
    guard fits else { throw .graph(.mismatch("input \"\(input.name)\"", expected: "\(stated)", found: "\(given)")) }
  }

  /// Kernels multiply extents without looking: what does not fit into memory never reaches them.
  private static func checkSize(_ type: TensorType, of name: String, node: Node?) throws(RunError) {
    let byteCount = type.dims.flatMap(Tensor.elementCount).flatMap(type.elementType.byteCount)
    guard let byteCount, byteCount <= ArenaLayout.largestByteCount else {
      throw .graph(
        .mismatch(node: node, "value \"\(name)\"", expected: "a size that fits into memory", found: "\(type)"))
    }
  }

  mutating func visit(_ node: Node) throws(RunError) {
    let captured = Set(node.bodies.flatMap { $0.graph.capturedNames })
    let read = node.inputs.filter { !$0.isEmpty } + captured.sorted()
    if read.contains(where: table.isDeferred) { return putOff(node, needs: []) }
    guard let op = Operators.find(node.op) else {
      throw .graph(.invalid(node: node, nil, "unknown operator \(node.op)"))
    }
    let isKnown = read.allSatisfy { table.value($0) != nil }
    let isHost = planner.hostOperators.contains { $0.op == node.op }
    if !node.bodies.isEmpty && !isHost {
      // Control flow runs when all that it reads is there.
      guard isKnown else { return putOff(node, needs: read) }
      return try fold(node, op, captured)
    }
    let types = try infer(node, op)
    if let dims = node.inputs.first.flatMap({ table.type($0)?.tensorType?.dims }),
      let result = ShapeQuery.result(node, op.schema, dims: dims)
    {
      table[node.outputs[0]] = .known(.tensor(result))
      foldedNodeCount += 1
      return
    }
    let isRandom = TypeInference.random.contains(node.opType)
    if isKnown && !isRandom && (mustFold(node, types) || isWorthFolding(node, types)) {
      return try fold(node, op, captured)
    }
    guard let outputs = plannable(node, types) else {
      guard !isKnown else { return try fold(node, op, captured) }
      return putOff(node, needs: shapeDeciding(node))
    }
    for (name, type) in zip(node.outputs, outputs) {
      guard let type else { continue }
      try Self.checkSize(type, of: name, node: node)
      table[name] = .computed(type)
    }
    kept.append(node)
  }

  // MARK: - What kind of node it is

  /// The outputs' types, when the whole node can run on plain memory; `nil` for an output that nobody reads.
  private func plannable(_ node: Node, _ types: [ValueType]) -> [TensorType?]? {
    let inputsFit = node.inputs.allSatisfy { name in
      name.isEmpty || table.type(name)?.tensorType.map { $0.dims != nil && $0.elementType != .string } ?? false
    }
    guard inputsFit else { return nil }
    var outputs: [TensorType?] = []
    for (index, name) in node.outputs.enumerated() {
      if name.isEmpty {
        outputs.append(nil)
      } else {
        guard index < types.count, let type = types[index].tensorType, type.dims != nil, type.elementType != .string
        else { return nil }
        outputs.append(type)
      }
    }
    return outputs
  }

  private func mustFold(_ node: Node, _ types: [ValueType]) -> Bool { plannable(node, types) == nil }

  /// Small results are computed now. Large ones only where that rearranges weights: the reference kernels are slow.
  private func isWorthFolding(_ node: Node, _ types: [ValueType]) -> Bool {
    // A kernel may multiply with the bytes; if none does, a pass computes it later.
    if node.opType == "DequantizeLinear", node.domain.isEmpty, weights.contains(node.outputs[0]) { return false }
    let bytes = { (type: ValueType?) -> Int in
      guard let type = type?.tensorType, let dims = type.dims else { return 0 }
      return Tensor.elementCount(dims).flatMap(type.elementType.byteCount) ?? .max
    }
    let inputBytes = node.inputs.reduce(0) { $0 &+ bytes(table.type($1)) }
    let outputBytes = zip(node.outputs, types).reduce(0) { $1.0.isEmpty ? $0 : $0 &+ bytes($1.1) }
    if outputBytes <= 1 << 16 && inputBytes <= 1 << 18 { return true }
    let rearranging: Set<String> = [
      "Cast", "Concat", "DequantizeLinear", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose",
      "Unsqueeze",
    ]
    return rearranging.contains(node.opType) && outputBytes <= inputBytes &* 8
  }

  /// Which inputs a node waits for: those that look like shapes, indices or scales, or all when none does.
  private func shapeDeciding(_ node: Node) -> [String] {
    let unknown = node.inputs.filter { !$0.isEmpty && table.value($0) == nil }
    let small = unknown.filter { name in
      guard let type = table.type(name)?.tensorType, let dims = type.dims, dims.count <= 1 else { return false }
      return type.elementType != .bool && (dims.first ?? 1) <= 1024
    }
    return small.isEmpty ? unknown : small
  }

  // MARK: - What becomes of it

  private mutating func putOff(_ node: Node, needs: [String]) {
    putOff.append(node)
    decisive.formUnion(needs.filter { table.value($0) == nil })
    for output in node.outputs where !output.isEmpty { table[output] = .deferred(nil) }
  }

  private func infer(_ node: Node, _ op: any Operator.Type) throws(RunError) -> [ValueType] {
    do throws(GraphError) {
      try NodeChecker.checkForm(node, op.schema)
      let inputs = node.inputs.map { $0.isEmpty ? nil : table.type($0) }
      try NodeChecker.checkTypes(node, op.schema, inputs)
      let inferBody =
        node.bodies.isEmpty
        ? TypeInference.bodyInference(of: node, types: [:], values: [:])
        : TypeInference.bodyInference(of: node, types: table.types, values: table.tensors)
      return try op.infer(
        InferenceContext(
          node: node, schema: op.schema, inputs: inputs,
          values: node.inputs.map { $0.isEmpty ? nil : table.tensor($0) },
          inferBody: inferBody))
    } catch {
      throw .graph(error)
    }
  }

  /// Runs the node now, on values that are all known.
  private mutating func fold(_ node: Node, _ op: any Operator.Type, _ captured: Set<String>) throws(RunError) {
    let bodies = BodyRunners(planner: planner, captured: captured.reduce(into: [:]) { $0[$1] = table.value($1) })
    let narrow = NarrowFolding(node, inputs: node.inputs.map { $0.isEmpty ? nil : table.value($0) })
    let call = KernelCall(
      node: node, schema: op.schema, inputs: narrow.inputs,
      runBody: { (graph, inputs) throws(KernelError) in try bodies.run(graph, inputs) })
    let results: [Value?]
    do throws(KernelError) {
      results = narrow.results(try op.evaluate(call))
    } catch {
      throw .kernel(node: node.label, op: node.op, kernel: ReferenceKernel.sourceName, reason: error.description)
    }
    for (index, name) in node.outputs.enumerated() where !name.isEmpty {
      guard index < results.count, let value = results[index] else {
        throw .graph(.invalid(node: node, "output \"\(name)\"", "is not computed by this operator"))
      }
      table[name] = .known(value)
    }
    foldedNodeCount += 1
  }

  func finish() throws(RunError) -> Planner.Round {
    let later = Set(putOff.flatMap { $0.inputs + $0.bodies.flatMap { $0.graph.capturedNames } })
    let wanted = Set(graph.outputs.map(\.name)).union(later).subtracting([""])
    for output in graph.outputs where table[output.name] == nil {
      throw .graph(.invalid("output \"\(output.name)\"", "is not computed by any node"))
    }
    var known: [String: Value] = [:]
    var computed: [(name: String, type: TensorType)] = []
    for name in wanted.sorted() {
      switch table[name] {
      case .known(let value): known[name] = value
      case .computed(let type): computed.append((name, type))
      default: break
      }
    }
    let plan = try plan(outputs: computed)
    guard !putOff.isEmpty else { return Planner.Round(plan: plan, known: known, remainder: nil) }
    let outside = later.filter { table[$0] != nil && !table.isDeferred($0) }.sorted()
    var rest = Graph(
      graph.name, inputs: outside.map { ValueInfo($0, table.type($0)) },
      outputs: graph.outputs.filter { table.isDeferred($0.name) }, nodes: putOff)
    rest.valueInfos = graph.valueInfos
    return Planner.Round(plan: plan, known: known, remainder: Planner.Remainder(graph: rest, decisive: decisive))
  }

  /// The kept nodes as a graph of their own, rewritten and planned.
  private func plan(outputs: [(name: String, type: TensorType)]) throws(RunError) -> ExecutionPlan {
    var rest = Graph(
      graph.name, inputs: inputs.map { ValueInfo($0.name, .tensor($0.type)) },
      outputs: outputs.map { ValueInfo($0.name, .tensor($0.type)) }, nodes: kept)
    for name in kept.lazy.flatMap(\.inputs) { if let tensor = table.tensor(name) { rest.addInitializer(name, tensor) } }
    let types = table.types.compactMapValues(\.tensorType)
    let engine = RewriteEngine(
      settings: planner.rewrites, log: planner.rewriteLog, isMemoryBound: planner.maxMemory != nil)
    let rewritten = engine.apply(to: rest, types: types)
    var lowering = Lowering(planner: planner, types: rewritten.types, constants: rewritten.graph.initializers)
    for node in rewritten.graph.nodes { try lowering.visit(node) }
    var plan = try lowering.plan(
      rewritten.graph, inputs: inputs, outputs: outputs, cadence: cadence, foldedNodeCount: foldedNodeCount)
    plan.maxMemory = planner.maxMemory
    guard let limit = planner.maxMemory, cadence.isEmpty else { return plan }
    // So that what libraries take counts as the program's from here on.
    FirstCalls.make(of: plan)
    let budget = MemoryBudget(limit: limit), need = budget.need(of: plan)
    plan.memoryNeed = need
    guard !budget.holds(need) else { return plan }
    return try lowering.planInBands(insteadOf: plan, inputs: inputs, outputs: outputs, limit: limit)
  }
}
