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
  }

  private var all: [Demand]
  /// Of all packed weights that stay in memory and are not there yet.
  private(set) var keptByteCount: Int
  /// The step that needs most.
  private(set) var largest: Demand?

  init(_ plan: ExecutionPlan) {
    // Those of the caller are there all the time.
    let ports = min(plan.valueByteCount, ArenaLayout.largestByteCount) - plan.arenaByteCount
    all = Self.list(plan, values: plan.touchedByteCounts.map { $0 + ports }, depth: 0)
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
      if total + (other.map { $0.values + $0.weights } ?? 0) <= byteCount {
        (keptByteCount, largest) = (total, other)
      } else {
        all[index].isKept = false
      }
    }
  }

  private static func largest(_ demands: [Demand]) -> Demand? {
    demands.max { $0.values + $0.weights < $1.values + $1.weights }
  }

  /// - values: resident of values in each step.
  private static func list(_ plan: ExecutionPlan, values: [Int], depth: Int) -> [Demand] {
    plan.steps.indices.flatMap { index in
      let step = plan.steps[index]
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan {
        // Its arena is the step's workspace, which counts as touched with the step.
        return list(body, values: body.steps.map { _ in values[index] }, depth: depth + 1)
      }
      let file = MappedPages.byteCount(toRead: plan.mappedConstants(of: step))
      let kernel = step.kernel as? StreamedKernel
      return [
        Demand(
          step: step, values: values[index], file: file, depth: depth, kernel: kernel, isKept: kernel?.isKept ?? false)
      ]
    }
  }
}
