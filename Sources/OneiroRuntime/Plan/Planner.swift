import OneiroGraph
import OneiroOps
import OneiroPasses

/// Turns a graph whose inputs have bound shapes into an execution plan.
///
/// The graph is walked once in order. What depends on constants and shapes alone is computed on the way (exporters
/// write half a graph of it: Shape, Gather, Concat before every Reshape); views of other values get no step; everything
/// else gets the first kernel that takes it. A node whose output shape hangs on data that only a run brings is put off,
/// with all that follows from it, to a next round.
public struct Planner: Sendable {
  public let backend: Backend
  public let hostOperators: [any HostOperator.Type]
  public let threads: Int
  public let tuning: Tuning
  public let rewrites: RewriteSettings
  /// Bytes that the process may have resident while a plan runs; `nil`: as many as it takes.
  public let maxMemory: Int?
  /// Where what kernels pack of weights is kept from run to run; `nil`: nowhere.
  public private(set) var packed: PackedWeights?
  /// The patches of all graphs that this planner has planned.
  public let rewriteLog: RewriteLog

  public init(
    backend: Backend, hostOperators: [any HostOperator.Type] = [], threads: Int = Threads.available,
    tuning: Tuning = .off, rewrites: RewriteSettings = RewriteSettings(), maxMemory: Int? = nil,
    packed: PackedWeights? = nil
  ) {
    self.packed = packed
    self.maxMemory = maxMemory
    self.rewrites = rewrites
    rewriteLog = RewriteLog(limit: rewrites.stopAfter)
    self.backend = backend
    self.hostOperators = hostOperators
    self.threads = threads
    self.tuning = tuning
  }

  /// The same, but what kernels pack is not kept.
  var keepingNothing: Planner {
    var other = self
    other.packed = nil
    return other
  }

  /// What is known of a graph's input before a run.
  public enum Binding: Sendable {
    case type(TensorType)
    case value(Value)
  }

  public struct Round: Sendable {
    public let plan: ExecutionPlan
    /// Values wanted from this round that no run is needed for.
    public let known: [String: Value]
    /// What could not be planned yet.
    public let remainder: Remainder?
  }

  /// The nodes that wait for data of the round before.
  public struct Remainder: Sendable {
    public let graph: Graph
    /// Inputs of `graph` whose values, and not only shapes, decide how it goes on.
    public let decisive: Set<String>
  }

  /// Plans the whole graph; for graphs whose shapes do not hang on data.
  /// - cadence: inputs in groups, from those that change least often: what depends on the first group alone need not be
  ///   computed again while it stays the same, and so on. See `ExecutionPlan.firstSteps`.
  public func plan(
    _ graph: Graph, inputs: [String: TensorType], cadence: [[String]] = []
  ) throws(RunError) -> ExecutionPlan {
    let round = try round(graph, inputs: inputs.mapValues(Binding.type), cadence: cadence)
    if let node = round.remainder?.graph.nodes.first {
      throw .graph(.invalid(node: node, nil, "its output shape depends on data, which a plan made ahead cannot have"))
    }
    return round.plan
  }

  /// Plans as much as can be.
  public func round(
    _ graph: Graph, inputs: [String: Binding], cadence: [[String]] = []
  ) throws(RunError) -> Round {
    var walk = GraphWalk(planner: self, graph: graph, cadence: cadence)
    try walk.bind(inputs)
    if maxMemory != nil { HeapMemory.giveBack() }
    for node in graph.nodes { try walk.visit(node) }
    let round = try walk.finish()
    if tuning != .off { TuningCache.shared.save() }
    return round
  }
}
