import OneiroGraph
import OneiroOps
import OneiroPasses

/// Turns nodes of known types into steps: views become names for other values' memory, everything else gets a kernel.
struct Lowering {
  let planner: Planner
  private var types: [String: TensorType]
  private var constants: [String: Tensor]
  private var steps: [PlanBuilder.Draft] = []
  /// For a value that is a view: the value whose memory it shares.
  private var views: [String: String] = [:]

  /// Operators whose output is the input's memory under another shape.
  private static let viewOperators: Set<String> = ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]

  init(planner: Planner, types: [String: TensorType], constants: [String: Tensor]) {
    self.planner = planner
    self.types = types
    self.constants = constants
  }

  /// - declined: why kernels did not take the fused operator that the node is a part of.
  /// - preferred: runs the same operator on other shapes, and is to do it here, where it takes the node.
  mutating func visit(
    _ node: Node, declined: [ExecutionPlan.Declined] = [], preferring preferred: (any PreparedKernel)? = nil
  ) throws(RunError) {
    if node.domain.isEmpty, Self.viewOperators.contains(node.opType), let source = node.inputs.first,
      constants[source] == nil
    {
      views[node.outputs[0]] = views[source] ?? source
      return
    }
    guard let op = Operators.find(node.op) else {
      throw .graph(.invalid(node: node, nil, "unknown operator \(node.op)"))
    }
    let choice = try KernelChoice(
      backend: planner.backend, hostOperators: planner.hostOperators, threads: planner.threads, tuning: planner.tuning,
      maxMemory: planner.maxMemory,
      packed: planner.packed.map { PackedAccess(weights: $0, isMapped: planner.maxMemory != nil) }
    )
    .choose(
      node, op, inputs: node.inputs.map { types[$0] }, outputs: node.outputs.map { types[$0] },
      constants: node.inputs.map { constants[$0] }, preferring: preferred,
      expand: { [types, constants] () throws(GraphError) in
        try ExpandBody.expand(node, op, types: types, constants: constants)
      }
    ) { [planner] (body, types, cadence) throws(RunError) in
      var marked = body
      if case .string(let role) = NodeAttributes(node, schema: op.schema)["role"] {
        let role = String(decoding: role, as: UTF8.self)
        for index in marked.nodes.indices {
          marked.nodes[index].role = role
          marked.nodes[index].name = "\(role)/\(marked.nodes[index].label)"
        }
      }
      return try planner.plan(marked, inputs: types, cadence: cadence)
    }
    switch choice {
    case .kernel(let kernel, let reasons):
      steps.append(PlanBuilder.Draft(node: node, kernel: kernel, declined: declined + reasons))
    case .body(let body, let reasons):
      types.merge(body.types) { known, _ in known }
      constants.merge(body.constants) { known, _ in known }
      for part in body.nodes { try visit(part, declined: declined + reasons) }
    }
  }

  func plan(
    _ graph: Graph, inputs: [(name: String, type: TensorType)], outputs: [(name: String, type: TensorType)],
    cadence: [[String]], foldedNodeCount: Int
  ) throws(RunError) -> ExecutionPlan {
    try PlanBuilder(
      graph: graph, steps: steps, types: types, constants: constants, views: views, inputs: inputs,
      outputs: outputs,
      cadence: planner.rewrites.skipped.contains(RewriteSettings.hoisting) ? nil : StepPhases.Cadence(cadence),
      firstStepCount: cadence.count, threads: planner.threads, foldedNodeCount: foldedNodeCount
    ).build()
  }

  /// How images are cut into bands.
  private struct Cut {
    /// Bytes of the smallest value that is cut, and of the largest that is kept rather than made again.
    let smallest: Int, kept: Int
    /// Of the largest value, so many bytes are there at a time.
    let band: Int
  }

  /// Ways to cut, the quickest first. They are the same whatever the limit is, so that what is needed at least is, too.
  private static func cuts(arenaByteCount: Int) -> [Cut] {
    let parts = [
      (32, 4, 8), (32, 4, 16), (32, 32, 8), (32, 32, 16), (32, 32, 32), (32, 32, 64), (32, 32, 128), (128, 128, 128),
      (128, 128, 512), (512, 512, 512), (512, 512, 2048),
    ]
    return parts.map { smallest, kept, band in
      Cut(smallest: arenaByteCount / smallest, kept: arenaByteCount / kept, band: arenaByteCount / band)
    }
  }

  /// A plan in which the largest images are there a band of rows at a time, as high as the limit allows.
  /// - plan: the plan without bands, and what it was found to need.
  /// - Returns: the plan with the smallest arena, where none can be held to `limit`, which may be `plan`, with the least
  ///   that one of them needs.
  func planInBands(
    insteadOf plan: ExecutionPlan, inputs: [(name: String, type: TensorType)],
    outputs: [(name: String, type: TensorType)], limit: Int
  ) throws(RunError) -> ExecutionPlan {
    let budget = MemoryBudget(limit: limit)
    var best = plan
    for cut in Self.cuts(arenaByteCount: plan.arenaByteCount) {
      let banding = Banding(
        steps, types: types, constants: constants, views: views, outputs: outputs.map(\.name),
        smallestByteCount: cut.smallest, mostKeptByteCount: cut.kept)
      // Of the ways to cut most come to nothing.
      guard let changed = try banding.apply(planner: planner.keepingNothing, bandByteCount: cut.band) else { continue }
      var banded = self
      (banded.steps, banded.types) = changed
      var other = try banded.plan(
        plan.graph, inputs: inputs, outputs: outputs, cadence: [], foldedNodeCount: plan.foldedNodeCount)
      other.maxMemory = plan.maxMemory
      let need = budget.need(of: other)
      other.memoryNeed = need
      if budget.holds(need) { return other }
      let least = best.memoryNeed.flatMap { $0.byteCount <= need.byteCount ? $0 : nil } ?? need
      if other.arenaByteCount < best.arenaByteCount { best = other }
      best.memoryNeed = least
    }
    return best
  }
}
