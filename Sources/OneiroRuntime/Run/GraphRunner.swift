import OneiroGraph
import OneiroOps

/// Runs a graph for inputs of any shape: plans when a shape comes for the first time, keeps plans and sessions of the
/// last few shapes, and goes on planning in rounds where shapes hang on data. One run at a time.
public final class GraphRunner {
  public let graph: Graph
  public let planner: Planner
  /// The one that was used last comes last.
  private var cached: [Cached] = []
  /// Plans that are kept at most, and bytes of arenas and constants in all of them but the last: each may have packed
  /// its constants.
  private static let mostCached = 4, mostBytes = PhysicalMemory.byteCount / 16
  /// The plans of the last run, in order; more than one where shapes hang on data.
  public private(set) var lastPlans: [ExecutionPlan] = []
  /// Told of each plan that is made, before there is a session for it.
  public var didPlan: ((ExecutionPlan) -> Void)?

  /// A whole plan with its session, for the shapes in `key`.
  private final class Cached {
    let key: [String: TensorType]
    let known: [String: Value]
    var session: Session
    init(key: [String: TensorType], known: [String: Value], session: consuming Session) {
      self.key = key
      self.known = known
      self.session = session
    }
    var byteCount: Int { session.plan.arenaByteCount + session.plan.constantByteCount }
  }

  private func find(_ key: [String: TensorType]) -> Cached? {
    guard let index = cached.lastIndex(where: { $0.key == key }) else { return nil }
    cached.append(cached.remove(at: index))
    return cached.last
  }

  private func keep(_ plan: Cached) {
    cached.append(plan)
    func others() -> Int { cached.dropLast().reduce(0) { $0 + $1.byteCount } }
    while cached.count > Self.mostCached || others() > Self.mostBytes { cached.removeFirst() }
  }

  /// Lets go of the kept plans before the next one is made, where the graph's constants are so large that old and new
  /// ones should not be packed in memory at once.
  private func makeRoom() {
    let bytes = graph.initializers.values.reduce(0) { $0 + $1.storedByteCount }
    if bytes > Self.mostBytes || planner.maxMemory != nil { cached.removeAll() }
  }

  public init(_ graph: Graph, planner: Planner) {
    self.graph = graph
    self.planner = planner
  }

  /// Plans for inputs of these types, so that the next run with them finds all ready. Where shapes hang on data there
  /// is nothing to do ahead.
  public func prepare(_ types: [String: TensorType]) throws(RunError) {
    guard find(types) == nil else { return }
    makeRoom()
    let round = try planner.round(graph, inputs: types.mapValues(Planner.Binding.type))
    guard round.remainder == nil else { return }
    let names = Set(graph.outputs.map(\.name))
    try round.plan.checkMemory()
    didPlan?(round.plan)
    let session = try Session(round.plan)
    lastPlans = [round.plan]
    keep(Cached(key: types, known: round.known.filter { names.contains($0.key) }, session: session))
  }

  /// Values of the graph's outputs by name.
  public func run(_ inputs: [String: Value], _ options: RunOptions = RunOptions()) throws(RunError) -> [String: Value] {
    var types: [String: TensorType] = [:]
    var bindings: [String: Planner.Binding] = [:]
    for (name, value) in inputs {
      if let tensor = value.tensor, tensor.elementType != .string {
        types[name] = TensorType(tensor.elementType, dims: tensor.dims)
        bindings[name] = .type(types[name]!)
      } else {
        bindings[name] = .value(value)
      }
    }
    let isCacheable = types.count == inputs.count
    if isCacheable, let cached = find(types) {
      lastPlans = [cached.session.plan]
      return try cached.session.run(inputs.compactMapValues(\.tensor), options).mapValues(Value.tensor)
        .merging(cached.known) { computed, _ in computed }
    }
    makeRoom()
    lastPlans = []
    var results: [String: Value] = [:]
    var rest = graph
    var values = inputs
    while true {
      let round = try planner.round(rest, inputs: bindings)
      try round.plan.checkMemory()
      lastPlans.append(round.plan)
      didPlan?(round.plan)
      if options.checksFinite { try checkFinite(round.known) }
      var session = try Session(round.plan)
      let computed = try session.run(values.compactMapValues(\.tensor), options).mapValues(Value.tensor)
      values = computed.merging(round.known) { computed, _ in computed }
      for output in graph.outputs { if let value = values[output.name] { results[output.name] = value } }
      guard let remainder = round.remainder else {
        if isCacheable && lastPlans.count == 1 {
          keep(Cached(key: types, known: results.filter { computed[$0.key] == nil }, session: session))
        }
        return results
      }
      guard remainder.graph.nodes.count < rest.nodes.count || !remainder.decisive.isEmpty else {
        throw .graph(.invalid(node: rest.nodes.first, nil, "cannot be planned: what it waits for never comes"))
      }
      rest = remainder.graph
      bindings = [:]
      for input in rest.inputs {
        guard let value = values[input.name] else { continue }
        if let tensor = value.tensor, tensor.elementType != .string, round.known[input.name] == nil,
          !remainder.decisive.contains(input.name)
        {
          bindings[input.name] = .type(TensorType(tensor.elementType, dims: tensor.dims))
        } else {
          bindings[input.name] = .value(value)
        }
      }
    }
  }

  /// The same look at what planning has computed as at what a run computes.
  private func checkFinite(_ known: [String: Value]) throws(RunError) {
    for (name, value) in known.sorted(by: { $0.key < $1.key }) {
      guard let (type, storage) = value.tensor?.stored, graph.initializers[name] == nil,
        let (element, found) = withExtendedLifetime(
          storage, { FiniteCheck.firstBadElement(storage.bytes, type) }),
        let node = graph.nodes.first(where: { $0.outputs.contains(name) })
      else { continue }
      throw .notFinite(node: node.label, op: node.op, value: name, element: element, found: found)
    }
  }
}

/// Runs the bodies of one control-flow node. A body keeps its runner, so that a loop plans once for all its rounds.
final class BodyRunners: @unchecked Sendable {
  // Sendable: used by the one kernel that was given it, while it runs.
  private let planner: Planner
  private let captured: [String: Value]
  private var runners: [String: GraphRunner] = [:]

  init(planner: Planner, captured: [String: Value]) {
    self.planner = planner
    self.captured = captured
  }

  /// - inputs: one for each formal input of the body, in order.
  func run(_ body: Graph, _ inputs: [Value]) throws(KernelError) -> [Value] {
    let formal = body.inputs.count == inputs.count ? body.inputs : body.requiredInputs
    guard formal.count == inputs.count else {
      throw KernelError("body \"\(body.name)\": expected \(formal.count) inputs, found \(inputs.count)")
    }
    let key = body.name + "/" + body.outputs.map(\.name).joined(separator: ",")
    let runner = runners[key] ?? GraphRunner(closed(body), planner: planner)
    runners[key] = runner
    var values = captured.filter { name, _ in runner.graph.inputs.contains { $0.name == name } }
    for (info, value) in zip(formal, inputs) { values[info.name] = value }
    let results: [String: Value]
    do { results = try runner.run(values) } catch { throw KernelError("body \"\(body.name)\": \(error)") }
    var outputs: [Value] = []
    for output in body.outputs {
      guard let value = results[output.name] else {
        throw KernelError("body \"\(body.name)\" has no output \"\(output.name)\"")
      }
      outputs.append(value)
    }
    return outputs
  }

  /// The body with the values that it takes from outside: tensors as constants, anything else as inputs.
  private func closed(_ body: Graph) -> Graph {
    var graph = body
    for name in body.capturedNames.sorted() {
      guard let value = captured[name] else { continue }
      if let tensor = value.tensor {
        graph.addInitializer(name, tensor)
      } else {
        graph.inputs.append(ValueInfo(name, value.type))
      }
    }
    return graph
  }
}
