import OneiroGraph

/// What is resident in each step of a plan, and of plans inside its steps, beside the program.
struct StepDemands {
  struct Demand {
    let step: ExecutionPlan.Step
    /// Of values.
    let values: Int
    /// Of pages of weights in their file.
    fileprivate let file: Int
    /// Of loops around it.
    fileprivate let depth: Int
    /// The innermost of them.
    fileprivate let loop: ObjectIdentifier?
    fileprivate let kernel: StreamedKernel?
    /// Whether what the kernel packs stays in memory.
    fileprivate var isKept: Bool

    /// Pages of weights in their file, and what is packed of them while this step runs, but not what stays.
    var weights: Int {
      guard let kernel else { return file }
      if kernel.isThere { return file }
      let most = max(file + kernel.stateByteCount, kernel.packingByteCount)
      return isKept ? most - kernel.stateByteCount : most
    }

    /// What stays in memory from the first run of the step on and is not there yet.
    fileprivate var keptByteCount: Int {
      guard isKept, let kernel, !kernel.isThere else { return 0 }
      return kernel.stateByteCount
    }

    fileprivate var byteCount: Int { values + weights }
    fileprivate var packsAnew: Bool { !isKept && kernel?.packsAnew ?? false }
  }

  private var all: [Demand]
  /// Of all packed weights that stay in memory and are not there yet.
  private(set) var keptByteCount: Int
  /// The step that needs most.
  private(set) var largest: Demand?

  init(_ plan: ExecutionPlan) {
    // Those of the caller are there all the time.
    let ports = min(plan.valueByteCount, ArenaLayout.largestByteCount) - plan.arenaByteCount
    all = Self.list(plan, values: plan.touchedByteCounts.map { $0 + ports }, depth: 0, loop: nil)
    keptByteCount = all.reduce(0) { $0 + $1.keptByteCount }
    largest = Self.largest(all)
  }

  /// Kernels whose packed weights stay in memory.
  var kept: [StreamedKernel] { all.compactMap { $0.isKept ? $0.kernel : nil } }

  /// Lets packed weights stay as long as all that is resident fits into `byteCount` bytes, those of loops first.
  mutating func keep(within byteCount: Int) {
    for index in all.indices.sorted(by: { (-all[$0].depth, $0) < (-all[$1].depth, $1) }) {
      guard let kernel = all[index].kernel, !all[index].isKept else { continue }
      all[index].isKept = true
      let other = Self.largest(all), total = keptByteCount + kernel.stateByteCount
      if total + (other?.byteCount ?? 0) <= byteCount {
        (keptByteCount, largest) = (total, other)
      } else {
        all[index].isKept = false
      }
    }
  }

  /// Kernels that pack constants anew in each run, and what may then stay in memory of the space that they do it in, so
  /// that all that is resident fits into `byteCount` bytes.
  func rooms(within byteCount: Int) -> [(kernel: StreamedKernel, before: Int, after: Int)] {
    let free = all.map { byteCount - keptByteCount - $0.byteCount }
    let packing = all.indices.filter { all[$0].packsAnew }
    return zip(packing, packing.dropFirst().map(Optional.some) + [nil]).map { index, next in
      let kernel = all[index].kernel!
      // What it packs counts already, but for pages that are not full.
      let before = free[index] + max(kernel.stateByteCount - LargePages.size, 0)
      // Behind the last one of a loop comes the loop's beginning, or its end.
      guard let next, all[next].loop == all[index].loop else { return (kernel, before, 0) }
      return (kernel, before, free[index + 1..<next].min() ?? .max)
    }
  }

  private static func largest(_ demands: [Demand]) -> Demand? {
    demands.max { $0.byteCount < $1.byteCount }
  }

  /// - values: resident of values in each step.
  private static func list(
    _ plan: ExecutionPlan, values: [Int], depth: Int, loop: ObjectIdentifier?
  ) -> [Demand] {
    plan.steps.indices.flatMap { index in
      let step = plan.steps[index]
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan {
        // Its arena is the step's workspace, which counts as touched with the step.
        return list(
          body, values: body.steps.map { _ in values[index] }, depth: depth + 1, loop: ObjectIdentifier(step.kernel))
      }
      let file = MappedPages.byteCount(toRead: plan.mappedConstants(of: step))
      let kernel = step.kernel as? StreamedKernel
      return [
        Demand(
          step: step, values: values[index], file: file, depth: depth, loop: loop, kernel: kernel,
          isKept: kernel?.isKept ?? false)
      ]
    }
  }
}
