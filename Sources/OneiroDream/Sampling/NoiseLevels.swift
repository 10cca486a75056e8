import Glibc

/// The timesteps that a solver visits, and how much noise a sample has there.
///
/// A sample at level s is, up to its scale, clean + s * noise. The samplers of this form differ from `SamplingTable` in
/// where they end: at no noise at all.
public struct NoiseLevels: Sendable {
  /// In the order in which they are visited, from the noisiest on.
  public let timesteps: [Int]
  /// The standard deviation of the noise relative to the clean signal at each timestep, sqrt((1 - a) / a) with
  /// a = alphas_cumprod, and 0 after the last.
  public let sigmas: [Double]

  public var stepCount: Int { timesteps.count }

  /// The levels of the schedule at given timesteps.
  /// - timesteps: ascending, in the schedule's table.
  public init(_ schedule: NoiseSchedule, at timesteps: [Int]) throws(DreamError) {
    let table = try Self.table(schedule)
    try self.init(timesteps: timesteps.reversed(), sigmas: timesteps.reversed().map { table[$0] } + [0])
  }

  /// The levels that Karras and others (2022, arXiv 2206.00364, equation 5) propose: spaced evenly in their seventh
  /// roots over the whole schedule. The model knows whole timesteps alone, so it is told the nearest one.
  public static func karras(_ schedule: NoiseSchedule, steps: Int) throws(DreamError) -> NoiseLevels {
    guard steps >= 1, steps <= schedule.trainSteps else {
      throw .mismatch(at: "steps", expected: "1 ... \(schedule.trainSteps)", found: "\(steps)")
    }
    let table = try table(schedule)
    let rho = 7.0
    let (highest, lowest) = (pow(table[table.count - 1], 1 / rho), pow(table[0], 1 / rho))
    let sigmas = (0..<steps).map { step in
      let share = steps == 1 ? 0 : Double(step) / Double(steps - 1)
      return pow(highest + share * (lowest - highest), rho)
    }
    return try NoiseLevels(timesteps: sigmas.map { nearestTimestep(to: $0, in: table) }, sigmas: sigmas + [0])
  }

  private init(timesteps: [Int], sigmas: [Double]) throws(DreamError) {
    // Betas that vanish beside the others leave two timesteps at one level, and nothing to divide by.
    if let step = sigmas.indices.dropLast().first(where: { !(sigmas[$0] > sigmas[$0 + 1]) }) {
      throw .mismatch(
        at: "noise schedule", expected: "less noise at every lower timestep",
        found: "\(sigmas[step]) and then \(sigmas[step + 1])")
    }
    self.timesteps = timesteps
    self.sigmas = sigmas
  }

  /// The level of every training step, ascending.
  private static func table(_ schedule: NoiseSchedule) throws(DreamError) -> [Double] {
    let table = schedule.alphasCumprod.map { ((1 - $0) / $0).squareRoot() }
    // With betas near 1 nothing of the signal is left in the numbers, and there is no way back.
    if let bad = table.firstIndex(where: { !$0.isFinite || $0 <= 0 }) {
      throw .mismatch(
        at: "noise schedule", expected: "some signal and some noise at every step",
        found: "alphas_cumprod \(schedule.alphasCumprod[bad]) at step \(bad)")
    }
    return table
  }

  /// Nearest in the logarithm of the level.
  private static func nearestTimestep(to sigma: Double, in table: [Double]) -> Int {
    var (low, high) = (0, table.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if table[middle] <= sigma { low = middle } else { high = middle }
    }
    guard high > low else { return low }
    let share = (log(sigma) - log(table[low])) / (log(table[high]) - log(table[low]))
    return Int((Double(low) + min(max(share, 0), 1)).rounded(.toNearestOrEven))
  }

  /// What a clean signal and noise are multiplied with in a sample of variance 1.
  func scales(_ index: Int) -> (clean: Double, noise: Double) {
    let clean = 1 / (sigmas[index] * sigmas[index] + 1).squareRoot()
    return (clean, sigmas[index] * clean)
  }

  /// Half the logarithm of the ratio of signal to noise: the time in which the multi-step solvers count. Infinite where
  /// there is no noise.
  func logRatio(_ index: Int) -> Double { -log(sigmas[index]) }
}
