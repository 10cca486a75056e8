/// How long each step of a plan took, summed over its runs; and those of the plans inside steps.
public final class StepTimes: @unchecked Sendable {
  // Sendable: written by the one session that runs with it.
  /// One for each step. A step with a plan inside it takes the time of that plan's steps too.
  public internal(set) var nanoseconds: [UInt64] = []
  /// How often each step has run: in a loop, those that hang on what stays the same run less often.
  public internal(set) var calls: [Int] = []
  /// How often the plan has run.
  public internal(set) var runs = 0
  /// The times of plans inside steps, by step; a loop runs such a plan once a round.
  public private(set) var bodies: [Int: StepTimes] = [:]

  public init() {}

  /// The times of the plan inside step `step`.
  func body(of step: Int) -> StepTimes {
    if let known = bodies[step] { return known }
    let made = StepTimes()
    bodies[step] = made
    return made
  }

  /// Counts a run of a plan with so many steps that is about to start.
  func begin(stepCount: Int) {
    if nanoseconds.count != stepCount { nanoseconds = [UInt64](repeating: 0, count: stepCount) }
    if calls.count != stepCount { calls = [Int](repeating: 0, count: stepCount) }
    runs += 1
  }
}
