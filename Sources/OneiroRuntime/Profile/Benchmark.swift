import OneiroGraph

/// One plan, run again and again on the same inputs.
public struct Benchmark: ~Copyable {
  private var session: Session
  private let inputs: [String: Tensor]
  public let plan: ExecutionPlan

  /// - inputs: one for each of the plan's inputs.
  public init(_ plan: ExecutionPlan, inputs: [String: Tensor]) throws(RunError) {
    self.plan = plan
    self.inputs = inputs
    session = try Session(plan)
  }

  /// Times of whole runs, copying inputs in and outputs out included.
  /// - warmup: runs before the first that counts.
  public mutating func times(runs: Int, warmup: Int) throws(RunError) -> RunTimes {
    for _ in 0..<warmup { _ = try session.run(inputs) }
    var milliseconds: [Double] = []
    for _ in 0..<runs {
      let start = monotonicNanoseconds()
      _ = try session.run(inputs)
      milliseconds.append(Double(monotonicNanoseconds() - start) / 1e6)
    }
    return RunTimes(milliseconds: milliseconds)
  }

  /// The times of all steps over `runs` runs.
  public mutating func stepTimes(runs: Int) throws(RunError) -> StepTimes {
    var options = RunOptions()
    let times = StepTimes()
    options.profile = times
    for _ in 0..<runs { _ = try session.run(inputs, options) }
    return times
  }
}
