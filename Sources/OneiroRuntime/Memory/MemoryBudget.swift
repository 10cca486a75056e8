import OneiroGraph

/// Holds a plan to a number of bytes, before its first step.
///
/// What counts is what is resident in a step: the program with its graph, what has been touched of the arena by then,
/// the step's weights, which are the pages of their file and what its kernel packs of them, and packed weights that
/// stay. Pages that are read ahead are the system's until a step touches them. So an arena that fills late does not
/// stand beside large weights of before.
struct MemoryBudget {
  let limit: Int

  /// What is not counted one by one: what the heap loses between blocks, what is read of programs that have not run yet,
  /// and tables of pages, which a control group counts as well.
  ///
  /// Plans of all sizes, on every backend, have taken less than 1 MiB of it, in control groups and from a cold cache too.
  static let reserve = 3 << 20
  /// What may have come between the check of a plan and its session, and what two processes that do the same differ by.
  static let slack = 1 << 19

  /// Leaves the packed weights of as many steps in memory as fit.
  /// - Throws: the step that needs too much, when the plan cannot be held to the limit.
  func fit(_ plan: ExecutionPlan) throws(RunError) {
    var demands = demands(of: plan)
    let need = need(demands, of: plan)
    guard need.byteCount + Self.reserve <= limit + Self.slack else { throw refusal(plan, need) }
    demands.keep(within: limit - Self.reserve - need.program)
    for kernel in demands.kept { kernel.keep() }
  }

  /// - Throws: the step that needs too much, when the plan cannot be held to the limit.
  func check(_ plan: ExecutionPlan) throws(RunError) {
    let need = plan.memoryNeed ?? need(of: plan)
    guard holds(need) else { throw refusal(plan, need) }
  }

  /// Whether a plan of this need can be held to the limit.
  func holds(_ need: MemoryNeed) -> Bool { need.byteCount + Self.reserve <= limit }

  /// What the plan takes at least: no more stays packed than is there.
  func need(of plan: ExecutionPlan) -> MemoryNeed { need(demands(of: plan), of: plan) }

  /// What it takes with the packed weights of as many steps in memory as the limit has room for, those of loops first.
  func needWithKept(of plan: ExecutionPlan) -> MemoryNeed {
    var demands = demands(of: plan)
    demands.keep(within: limit - Self.reserve - need(demands, of: plan).program)
    return need(demands, of: plan)
  }

  /// After all that can leave memory has left it.
  private func demands(of plan: ExecutionPlan) -> StepDemands {
    for storage in Self.storages(plan, isMapped: true) {
      storage.setAside(withNeighbourhood: true)
    }
    HeapMemory.giveBack()
    return StepDemands(plan)
  }

  private func need(_ demands: StepDemands, of plan: ExecutionPlan) -> MemoryNeed {
    let largest = demands.largest, program = ProcessMemory.residentByteCount
    // Far above what there is, and far below what cannot be added to.
    let values = min(largest?.values ?? plan.valueByteCount, ArenaLayout.largestByteCount)
    let weights = demands.keptByteCount + (largest?.weights ?? 0)
    return MemoryNeed(
      program: program, values: values, weights: weights,
      node: (values > weights ? Self.fullest(plan) : largest?.step)?.node)
  }

  private func refusal(_ plan: ExecutionPlan, _ need: MemoryNeed) -> RunError {
    // Bands have the same ones as each other.
    let storages = Dictionary(Self.storages(plan, isMapped: false).map { ($0.address, $0.byteCount) }) { max($0, $1) }
    let inside = min(storages.values.reduce(0, +), need.program)
    let sum = MemorySum(need, insideByteCount: inside > need.program / 8 ? inside : 0)
    if need.program + Self.reserve > limit {
      return .graph(.mismatch("memory", expected: "at most \(ByteCount(limit))", found: sum.ofProgramAlone))
    }
    return .graph(
      .mismatch(node: need.node, "memory", expected: "at most \(ByteCount(limit))", found: sum.description))
  }

  /// The step in which most of the arena is in use, inside of loops.
  private static func fullest(_ plan: ExecutionPlan) -> ExecutionPlan.Step? {
    let live = plan.liveByteCounts
    guard let step = live.indices.max(by: { live[$0] < live[$1] }).map({ plan.steps[$0] }) else { return nil }
    return (step.kernel as? any PlannedBody).flatMap { fullest($0.bodyPlan) } ?? step
  }

  /// Memory of constants, those of bodies among them: pages of files, or what was copied or computed.
  private static func storages(_ plan: ExecutionPlan, isMapped: Bool) -> [ByteStorage] {
    plan.constants.compactMap { $0.stored?.storage }.filter { $0.isMappedFile == isMapped }
      + plan.steps.compactMap { ($0.kernel as? any PlannedBody)?.bodyPlan }.flatMap { storages($0, isMapped: isMapped) }
  }
}

extension ExecutionPlan {
  /// Looks, before there is a session, whether the plan can be held to its `maxMemory`.
  /// - Throws: the step that needs most, and how much is needed at least.
  public func checkMemory() throws(RunError) {
    if let maxMemory { try MemoryBudget(limit: maxMemory).check(self) }
  }

  /// Lets go of packed weights that stay in memory under a bound. The next run makes them again.
  public func letGoOfPacked() {
    for step in steps {
      (step.kernel as? StreamedKernel)?.letGo()
      (step.kernel as? any PlannedBody)?.bodyPlan.letGoOfPacked()
    }
  }

  /// The constants of a step that are pages of a file, but for those of which it finds what it needs packed.
  func mappedConstants(of step: Step) -> [ByteStorage] {
    let unread = (step.kernel as? StreamedKernel)?.unreadInputs ?? 0
    return step.inputs.enumerated().compactMap { position, operand in
      guard case .constant(let index) = operand?.location, let storage = constants[index].stored?.storage,
        storage.isMappedFile, position >= 64 || unread >> UInt64(position) & 1 == 0
      else { return nil }
      return storage
    }
  }
}
