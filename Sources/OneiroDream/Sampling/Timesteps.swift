/// The training steps that a sampler visits.
public enum Timesteps {
  /// 1, 1 + c, 1 + 2c, ... with c = trainSteps / steps rounded down, ascending; a sampler walks them from the last to
  /// the first. Where `steps` does not divide `trainSteps` there are a few more of them: 7 of 1000 gives 8.
  /// Throws when the last one would lie past the table of the noise schedule.
  public static func uniform(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    guard steps >= 1, steps <= trainSteps else { throw outside(steps, 1...trainSteps) }
    let result = stride(from: 0, to: trainSteps, by: trainSteps / steps).map { $0 + 1 }
    return try inTable(result, steps: steps, trainSteps: trainSteps)
  }

  /// The first `steps` of them, never more: diffusers' spacing "leading" with an offset of 1, ascending.
  public static func leading(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    guard steps >= 1, steps <= trainSteps else { throw outside(steps, 1...trainSteps) }
    let spacing = trainSteps / steps
    return try inTable((0..<steps).map { $0 * spacing + 1 }, steps: steps, trainSteps: trainSteps)
  }

  /// The same of one step more, without the lowest: what diffusers' multi-step solvers make of "leading", ascending.
  public static func leadingAboveLowest(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    guard steps >= 1, steps < trainSteps else { throw outside(steps, 1...(max(trainSteps, 2) - 1)) }
    let spacing = trainSteps / (steps + 1)
    return try inTable((1...steps).map { $0 * spacing + 1 }, steps: steps, trainSteps: trainSteps)
  }

  private static func outside(_ steps: Int, _ range: ClosedRange<Int>) -> DreamError {
    .mismatch(at: "steps", expected: "\(range.lowerBound) ... \(range.upperBound)", found: "\(steps)")
  }

  private static func inTable(_ timesteps: [Int], steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    guard let last = timesteps.last, last < trainSteps else {
      throw .mismatch(
        at: "steps", expected: "a number whose last timestep is in the table of \(trainSteps)",
        found: "\(steps), whose last timestep is \(timesteps.last ?? 0)")
    }
    return timesteps
  }
}
