import OneiroGraph

/// Holds a plan to a number of bytes, before its first step.
///
/// What counts is what is resident in a step: the program with its graph, what has been touched of the arena by then,
/// the step's weights, which are the pages of their file and what its kernel packs of them, and packed weights that
/// stay. Pages that are read ahead are the system's until a step touches them. So an arena that fills late does not
/// stand beside large weights of before.
struct MemoryBudget {
  let limit: Int

  /// What the heap loses between blocks, what is read of programs that have not run yet, and what more comes around
  /// weights while a kernel packs them than came when that was measured.
  ///
  /// A pipeline of Stable Diffusion takes less than 1 MiB of it, in control groups and from a cold cache too: 0.4 of the
  /// heap and 0.3 of libraries. The rest is for others, and for tables of pages, which a control group counts as well:
  /// 1 MiB for 500.
  private static let reserve = 8 << 20

  /// What a plan that is held to the limit has resident in the step that needs most.
  struct Need {
    /// All but what follows.
    let program: Int
    /// What is touched of the arena, the inputs and the outputs.
    let values: Int
    /// Pages of the step's weights and what is packed of them, and packed weights that stay.
    let weights: Int
    /// The step; `nil` where there is none.
    let step: ExecutionPlan.Step?
    /// Kernels whose packed weights stay in memory from the first run on.
    fileprivate let kept: [StreamedKernel]
    /// Those that pack them for each run.
    fileprivate let packing: [(kernel: StreamedKernel, before: Int, after: Int)]

    var byteCount: Int { program + values + weights }
  }

  /// What may have come between the check of a plan and its session.
  private static let slack = 1 << 20

  /// Leaves the packed weights of as many steps in memory as fit.
  /// - Throws: the step that needs too much, when the plan cannot be held to the limit.
  func fit(_ plan: ExecutionPlan) throws(RunError) {
    let need = need(of: plan)
    guard need.byteCount + Self.reserve <= limit + Self.slack else { throw refusal(plan, need) }
    for kernel in need.kept { kernel.keep() }
    guard let most = need.packing.map(\.kernel.stateByteCount).max(), let space = PackingSpace(byteCount: most) else {
      return
    }
    for (kernel, before, after) in need.packing {
      kernel.pack(into: PackingRoom(space: space, before: before, after: after))
    }
  }

  /// - Throws: the step that needs too much, when the plan cannot be held to the limit.
  func check(_ plan: ExecutionPlan) throws(RunError) {
    let need = need(of: plan)
    guard holds(need) else { throw refusal(plan, need) }
  }

  /// Whether the plan as it stands can be held to the limit.
  func holds(_ plan: ExecutionPlan) -> Bool { holds(need(of: plan)) }

  private func holds(_ need: Need) -> Bool { need.byteCount + Self.reserve <= limit }

  /// With the packed weights of as many steps in memory as the limit has room for, those of loops first.
  func need(of plan: ExecutionPlan) -> Need {
    for storage in Self.storages(plan, isMapped: true) {
      storage.setAside(withNeighbourhood: true)
    }
    HeapMemory.giveBack()
    let program = ProcessMemory.residentByteCount
    var demands = StepDemands(plan)
    let room = limit - Self.reserve - program
    demands.keep(within: room)
    let largest = demands.largest
    // Far above what there is, and far below what cannot be added to.
    let values = min(largest?.values ?? plan.valueByteCount, ArenaLayout.largestByteCount)
    return Need(
      program: program, values: values, weights: demands.keptByteCount + (largest?.weights ?? 0), step: largest?.step,
      kept: demands.kept, packing: demands.rooms(within: room))
  }

  private func refusal(_ plan: ExecutionPlan, _ need: Need) -> RunError {
    let live = plan.liveByteCounts
    let fullest = live.indices.max { live[$0] < live[$1] }.map { plan.steps[$0] }
    let program = need.program + Self.reserve
    let isFull = program + need.values > limit
    let step = isFull ? fullest.map(Self.innermost) : need.step
    let inside = Self.storages(plan, isMapped: false).reduce(0) { $0 + $1.byteCount }
    let note = " (\(ByteCount(inside)) of it weights inside of the model, which as external data would not stay)"
    // A bound that is then given, in whole MiB and with what the program may have more of by then, is to do.
    let unit = 1 << 20, most = need.byteCount + Self.reserve + Self.slack / 2
    let least = (most + unit - 1) / unit * unit
    let parts = [
      "\(ByteCount(program)) for the program\(inside > limit / 8 ? note : "")",
      "\(ByteCount(need.values)) for values", "\(ByteCount(need.weights)) for weights",
    ]
    return .graph(
      .mismatch(
        node: step?.node, "memory", expected: "at most \(ByteCount(limit))",
        found: "\(ByteCount(least)): \(parts.joined(separator: ", "))"))
  }

  /// The step in which most of the memory is in use, inside of loops.
  private static func innermost(_ step: ExecutionPlan.Step) -> ExecutionPlan.Step {
    guard let body = (step.kernel as? any PlannedBody)?.bodyPlan else { return step }
    let live = body.liveByteCounts
    return live.indices.max { live[$0] < live[$1] }.map { innermost(body.steps[$0]) } ?? step
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
