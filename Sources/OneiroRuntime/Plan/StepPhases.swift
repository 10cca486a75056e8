import OneiroGraph
import OneiroOps

/// Which steps of a loop's body have to run again when some of its inputs change: loop-invariant code motion, done on
/// the steps of a plan. In a U-Net's loop the keys and values of cross-attention hang on the context alone, and what a
/// residual block adds to each channel on the timestep alone.
///
/// Steps get a phase, the group of `cadence` that the most changeable of their inputs belongs to, and stand in the
/// order of phases. What one phase leaves for a later one lives to the end, as do the inputs, so that a run may begin
/// in the middle.
struct StepPhases {
  struct Cadence {
    fileprivate let phases: [String: Int]
    let count: Int

    /// `nil` without groups.
    init?(_ groups: [[String]]) {
      guard !groups.isEmpty else { return nil }
      var phases: [String: Int] = [:]
      for (phase, names) in groups.enumerated() { for name in names { phases[name] = phase } }
      (self.phases, count) = (phases, groups.count)
    }
  }

  /// Of each step.
  private let phases: [Int]
  /// Positions of the steps in the order of their phases.
  let order: [Int]
  /// For each group, how many steps hang on it and the groups before it alone.
  let firstSteps: [Int]
  /// Values that a later phase reads.
  let carried: Set<String>

  /// - steps: for each its operator and the values it reads and writes, views named by the value they show.
  init(_ cadence: Cadence, inputs: [String], steps: [(opType: String, reads: [String], writes: [String])]) {
    var phaseOf: [String: Int] = [:]
    for input in inputs { phaseOf[input] = cadence.phases[input] ?? cadence.count }
    var phases: [Int] = []
    for step in steps {
      let isRandom = TypeInference.random.contains(step.opType)
      let phase = isRandom ? cadence.count : step.reads.reduce(0) { max($0, phaseOf[$1] ?? 0) }
      for value in step.writes { phaseOf[value] = phase }
      phases.append(phase)
    }
    var carried: Set<String> = []
    for (step, phase) in zip(steps, phases) {
      for value in step.reads where phaseOf[value] ?? 0 < phase { carried.insert(value) }
    }
    self.phases = phases
    self.carried = carried
    // A stable sort, so that within a phase the order stays.
    order = phases.indices.sorted { (phases[$0], $0) < (phases[$1], $1) }
    firstSteps = (0..<cadence.count).map { group in phases.count { $0 <= group } }
  }
}
