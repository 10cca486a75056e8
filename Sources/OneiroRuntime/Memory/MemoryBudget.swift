import OneiroGraph

/// Holds a plan to a number of bytes, before its first step.
///
/// What counts is what is resident: the program with its graph, the arena, and the weights of one step, which are the
/// pages of their file, those of the step that comes next, and what the step's kernel packs of them, twice while it
/// packs.
struct MemoryBudget {
  let limit: Int

  /// What the heap loses between blocks, and threads take.
  private static let slack = 8 << 20

  /// Leaves the packed weights of as many steps in memory as fit, those of loops first.
  /// - Throws: the step that needs too much, when the plan cannot be held to it.
  func fit(_ plan: ExecutionPlan) throws(RunError) {
    let need = Need(plan), demands = Self.demands(of: plan)
    guard need.total <= limit else { throw refusal(plan, need) }
    var rest = limit - need.total
    for demand in demands.sorted(by: { $0.depth > $1.depth }) {
      guard let kernel = demand.step.kernel as? StreamedKernel, !kernel.isKept, kernel.stateByteCount <= rest else {
        continue
      }
      kernel.keep()
      rest -= kernel.stateByteCount
    }
  }

  /// Whether the plan as it stands can be held to the limit.
  func holds(_ plan: ExecutionPlan) -> Bool { Need(plan).total <= limit }

  /// What is resident in the step that needs most.
  private struct Need {
    let program, values: Int
    /// The step with the largest weights.
    let largest: Demand?

    var total: Int { program + values + (largest?.weights ?? 0) }

    init(_ plan: ExecutionPlan) {
      for storage in MemoryBudget.storages(plan, isMapped: true) { storage.setAside() }
      HeapMemory.giveBack()
      program = ProcessMemory.residentByteCount + MemoryBudget.slack
      // Far above what there is, and far below what cannot be added to.
      values = min(plan.valueByteCount, ArenaLayout.largestByteCount)
      largest = MemoryBudget.demands(of: plan).max { $0.weights < $1.weights }
    }
  }

  private func refusal(_ plan: ExecutionPlan, _ need: Need) -> RunError {
    let live = plan.liveByteCounts
    let fullest = live.indices.max { live[$0] < live[$1] }.map { plan.steps[$0] }
    let isFull = need.program + need.values > limit
    let step = isFull ? fullest.map(Self.innermost) : need.largest?.step
    let inside = Self.storages(plan, isMapped: false).reduce(0) { $0 + $1.byteCount }
    let note = " (\(ByteCount(inside)) of it weights inside of the model, which as external data would not stay)"
    let parts = [
      "\(ByteCount(need.program)) for the program\(inside > limit / 8 ? note : "")",
      "\(ByteCount(need.values)) for values", "\(ByteCount(need.largest?.weights ?? 0)) for weights",
    ]
    return .graph(
      .mismatch(
        node: step?.node, "memory", expected: "at most \(ByteCount(limit))",
        found: "\(ByteCount(need.total)): \(parts.joined(separator: ", "))"))
  }

  /// The step in which most of the memory is in use, inside of loops.
  private static func innermost(_ step: ExecutionPlan.Step) -> ExecutionPlan.Step {
    guard let body = (step.kernel as? any PlannedBody)?.bodyPlan else { return step }
    let live = body.liveByteCounts
    return live.indices.max { live[$0] < live[$1] }.map { innermost(body.steps[$0]) } ?? step
  }

  /// What one step needs for its weights while it runs.
  private struct Demand {
    let step: ExecutionPlan.Step
    let weights: Int
    /// Of loops around it.
    let depth: Int
  }

  private static func demands(of plan: ExecutionPlan, depth: Int = 0) -> [Demand] {
    let files = plan.steps.map { step in plan.mappedConstants(of: step).reduce(0) { $0 + $1.byteCount } }
    return plan.steps.indices.flatMap { index in
      let step = plan.steps[index]
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan { return demands(of: body, depth: depth + 1) }
      let next = index + 1 < files.count ? files[index + 1] : 0
      let packed = (step.kernel as? StreamedKernel)?.stateByteCount ?? 0
      return [Demand(step: step, weights: files[index] + next + 2 * packed, depth: depth)]
    }
  }

  /// Memory of constants, those of bodies among them: pages of files, or what was copied or computed.
  private static func storages(_ plan: ExecutionPlan, isMapped: Bool) -> [ByteStorage] {
    plan.constants.compactMap { $0.stored?.storage }.filter { $0.isMappedFile == isMapped }
      + plan.steps.compactMap { ($0.kernel as? any PlannedBody)?.bodyPlan }.flatMap { storages($0, isMapped: isMapped) }
  }
}

extension ExecutionPlan {
  /// The constants of a step that are pages of a file.
  func mappedConstants(of step: Step) -> [ByteStorage] {
    step.inputs.compactMap { operand in
      guard case .constant(let index) = operand?.location, let storage = constants[index].stored?.storage,
        storage.isMappedFile
      else { return nil }
      return storage
    }
  }
}
