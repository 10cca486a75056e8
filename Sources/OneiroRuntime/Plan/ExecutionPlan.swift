import OneiroGraph

/// Which kernel runs each node, in which order, at which place of the arena. Immutable: any number of sessions share
/// it.
public struct ExecutionPlan: Sendable {
  /// What is planned: the graph with bound shapes, after what could be computed was computed and rewrites were applied.
  public let graph: Graph
  public let steps: [Step]
  /// Every value that lives in the arena.
  public let values: [PlannedValue]
  /// Values that do not depend on a run: initializers, and what was computed from them while planning.
  public let constants: [Tensor]
  public let inputs: [Port]
  public let outputs: [Port]
  /// Memory that a session needs for values and workspace together.
  public let arenaByteCount: Int
  /// Memory that values take in a run: the arena, and the caller's inputs and outputs beside it; `Int.max` when no
  /// number can tell.
  public var valueByteCount: Int {
    (inputs + outputs).reduce(arenaByteCount) { sum, port in
      let (total, overflows) = sum.addingReportingOverflow(port.byteCount)
      return overflows ? .max : total
    }
  }
  /// For each group of inputs that the plan's cadence has: the step at which a run may begin when nothing has changed
  /// since the last run but inputs of later groups. 0 where nothing was hoisted.
  public let firstSteps: [Int]
  public let threads: Int
  /// Nodes of the graph that were computed while planning, or whose output is a view of their input.
  public let foldedNodeCount: Int
  public let viewNodeCount: Int
  /// Bytes that the process may have resident while it runs: weights are read when a step needs them, and let go after
  /// it.
  public internal(set) var maxMemory: Int?
  /// What it takes at least under a bound, or another plan that was tried, as found when that was made.
  var memoryNeed: MemoryNeed?

  /// A value's place: an offset into the arena, or an index into `constants`.
  public enum Location: Sendable, Hashable {
    case arena(Int)
    case constant(Int)
  }

  /// A value that the caller gives or takes.
  public struct Port: Sendable {
    public let name: String
    public let type: TensorType
    public let location: Location

    public var dims: [Int] { type.dims ?? [] }
    public var byteCount: Int { Tensor.elementCount(dims).flatMap(type.elementType.byteCount) ?? 0 }
  }

  public struct PlannedValue: Sendable {
    public let name: String
    public let type: TensorType
    public let offset: Int
    public let byteCount: Int
    /// The first and last step that touches it; -1 for what the caller writes before the first.
    public let live: ClosedRange<Int>
    /// The value whose place it takes in the step that reads the one for the last time and writes the other.
    public var over: String?
  }

  /// One value as a step sees it.
  public struct Operand: Sendable {
    public let name: String
    public let type: TensorType
    public let location: Location
  }

  public struct Step: Sendable {
    public let node: Node
    public let kernel: any PreparedKernel
    /// `nil` for a value that is left out.
    public let inputs: [Operand?]
    public let outputs: [Operand?]
    public let workspaceOffset: Int
    /// Why the sources before the chosen one did not take the node.
    public let declined: [Declined]
    /// The input whose place output 0 takes.
    public let overwritten: Operand?

    var overwritesInput: Bool { overwritten != nil }
  }

  public struct Declined: Sendable {
    public let source: String
    public let reason: String
  }

  public var graphName: String { graph.name }

  /// The graph with those of bodies that are planned in their nodes, and the types of values that have a place.
  public var optimizedGraph: Graph {
    var result = graph
    let kept = Set(graph.inputs.map(\.name)).union(graph.outputs.map(\.name))
    for value in values where !kept.contains(value.name) { result.valueInfos[value.name] = .tensor(value.type) }
    let bodies = steps.reduce(into: [String: Graph]()) { bodies, step in
      guard let key = step.node.key, let body = (step.kernel as? any PlannedBody)?.bodyPlan else { return }
      bodies[key] = body.optimizedGraph
    }
    for index in result.nodes.indices {
      if let key = result.nodes[index].key, let body = bodies[key] {
        result.nodes[index].attributes["body"] = .graph(body)
      }
    }
    return result
  }

  /// How many steps run on each source, most first.
  public var placement: [(source: String, count: Int)] {
    var counts: [String: Int] = [:]
    for step in steps {
      // A step with a plan inside it counts as that plan's steps.
      if let inner = (step.kernel as? any PlannedBody)?.bodyPlan {
        for (source, count) in inner.placement { counts[source, default: 0] += count }
      } else {
        counts[step.kernel.source, default: 0] += 1
      }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}

/// A kernel that runs a graph of its own.
public protocol PlannedBody: PreparedKernel {
  var bodyPlan: ExecutionPlan { get }
}
