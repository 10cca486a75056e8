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
      maxMemory: planner.maxMemory
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

  /// Ways to cut, the quickest first: parts of the limit up to which a value is kept, and that of a band.
  private static let cuts = [(kept: 4, band: 8), (4, 16), (32, 8), (32, 16), (32, 32), (32, 64)]

  /// A plan in which the largest images are there a band of rows at a time, as high as the limit allows.
  /// - Returns: `plan`, which needs more than `limit`, where cutting makes it no smaller.
  func planInBands(
    insteadOf plan: ExecutionPlan, inputs: [(name: String, type: TensorType)],
    outputs: [(name: String, type: TensorType)], limit: Int
  ) throws(RunError) -> ExecutionPlan {
    var best = plan
    for (kept, band) in Self.cuts {
      let banding = Banding(
        steps, types: types, constants: constants, views: views, outputs: outputs.map(\.name),
        smallestByteCount: limit / 32, mostKeptByteCount: limit / kept)
      guard let cut = try banding.apply(planner: planner, bandByteCount: limit / band) else { break }
      var banded = self
      (banded.steps, banded.types) = cut
      var other = try banded.plan(
        plan.graph, inputs: inputs, outputs: outputs, cadence: [], foldedNodeCount: plan.foldedNodeCount)
      other.maxMemory = plan.maxMemory
      if MemoryBudget(limit: limit).holds(other) { return other }
      if other.arenaByteCount < best.arenaByteCount { best = other }
    }
    return best
  }
}
