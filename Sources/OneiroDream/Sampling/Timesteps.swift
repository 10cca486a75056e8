/// The training steps that a sampler visits.
public enum Timesteps {
  /// 1, 1 + c, 1 + 2c, ... with c = trainSteps / steps rounded down, ascending; a sampler walks them from the last to
  /// the first. Where `steps` does not divide `trainSteps` there are a few more of them: 7 of 1000 gives 8.
  /// Throws when the last one would lie past the table of the noise schedule.
  public static func uniform(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    guard steps >= 1, steps <= trainSteps else {
      throw .mismatch(at: "steps", expected: "1 ... \(trainSteps)", found: "\(steps)")
    }
    let result = stride(from: 0, to: trainSteps, by: trainSteps / steps).map { $0 + 1 }
    guard let last = result.last, last < trainSteps else {
      throw .mismatch(
        at: "steps", expected: "a number whose last timestep is in the table of \(trainSteps)",
        found: "\(steps), whose last timestep is \(result.last ?? 0)")
    }
    return result
  }
}
