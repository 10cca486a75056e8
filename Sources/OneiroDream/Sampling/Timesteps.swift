/// The training steps that a sampler visits.
public enum Timesteps {
  /// 1, 1 + c, 1 + 2c, ... with c = trainSteps / steps rounded down, ascending; a sampler walks them from the last to
  /// the first. Where `steps` does not divide `trainSteps` there are a few more of them: 7 of 1000 gives 8.
  /// Throws when the last one would lie past the table of the noise schedule.
  public static func uniform(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    try inTable(steps, 1...max(trainSteps, 1), trainSteps) { steps in
      stride(from: 0, to: trainSteps, by: trainSteps / steps).map { $0 + 1 }
    }
  }

  /// The first `steps` of them, never more: diffusers' spacing "leading" with an offset of 1, ascending.
  public static func leading(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    try inTable(steps, 1...max(trainSteps, 1), trainSteps) { steps in
      (0..<steps).map { $0 * (trainSteps / steps) + 1 }
    }
  }

  /// The same of one step more, without the lowest: what diffusers' multi-step solvers make of "leading", ascending.
  public static func leadingAboveLowest(steps: Int, trainSteps: Int) throws(DreamError) -> [Int] {
    try inTable(steps, 1...(max(trainSteps, 2) - 1), trainSteps) { steps in
      (1...steps).map { $0 * (trainSteps / (steps + 1)) + 1 }
    }
  }

  /// What `make` gives for a number of steps, if all of it lies in the table of the noise schedule.
  /// - range: of the numbers of steps that can be asked for.
  private static func inTable(
    _ steps: Int, _ range: ClosedRange<Int>, _ trainSteps: Int, make: (Int) -> [Int]
  ) throws(DreamError) -> [Int] {
    guard range.contains(steps) else {
      throw .mismatch(at: "steps", expected: "\(range.lowerBound) ... \(range.upperBound)", found: "\(steps)")
    }
    let timesteps = make(steps)
    let last = timesteps.last ?? 0
    guard last >= trainSteps else { return timesteps }
    func fits(_ steps: Int) -> Bool { make(steps).last.map { $0 < trainSteps } ?? false }
    let near = [
      (range.lowerBound..<steps).last(where: fits),
      steps < range.upperBound ? (steps + 1...range.upperBound).first(where: fits) : nil,
    ].compactMap { $0 }.map(String.init).joined(separator: " or ")
    throw .mismatch(
      at: "steps", expected: near.isEmpty ? "another number" : near,
      found: "\(steps), with which a timestep of \(last) would lie past the schedule's table of \(trainSteps)")
  }
}
