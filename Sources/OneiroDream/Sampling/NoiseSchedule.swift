/// How much noise each training step of a diffusion model adds.
///
///     noisy_t = sqrt(alphas_cumprod[t]) * clean + sqrt(1 - alphas_cumprod[t]) * noise
public struct NoiseSchedule: Sendable {
  /// How the variances grow from the first to the last.
  public enum Shape: String, Sendable, CaseIterable {
    /// Evenly in their square roots. The original system calls this one "linear".
    case scaledLinear = "scaled_linear"
    case linear
  }

  /// The variance of the noise that step t adds, [trainSteps].
  public let betas: [Double]
  /// The share of the clean signal's variance that is left after step t: the product of 1 - beta up to t, [trainSteps].
  public let alphasCumprod: [Double]

  public var trainSteps: Int { betas.count }

  /// - betaStart, betaEnd: the first and last variance, in 0 ..< 1.
  public init(_ shape: Shape, betaStart: Double, betaEnd: Double, trainSteps: Int) throws(DreamError) {
    guard (1...Self.longest).contains(trainSteps) else {
      throw .mismatch(at: "noise schedule: train_steps", expected: "1 ... \(Self.longest)", found: "\(trainSteps)")
    }
    for (name, beta) in [("beta_start", betaStart), ("beta_end", betaEnd)] where !(beta > 0 && beta < 1) {
      throw .mismatch(at: "noise schedule: \(name)", expected: "a number between 0 and 1", found: "\(beta)")
    }
    switch shape {
    case .scaledLinear:
      betas = Self.evenlySpaced(betaStart.squareRoot(), betaEnd.squareRoot(), count: trainSteps).map { $0 * $0 }
    case .linear:
      betas = Self.evenlySpaced(betaStart, betaEnd, count: trainSteps)
    }
    var product = 1.0
    alphasCumprod = betas.map { beta in
      product *= 1 - beta
      return product
    }
  }

  /// Far beyond any trained model; a damaged file cannot ask for gigabytes of table.
  private static let longest = 1_000_000

  /// `count` numbers from first to last. Each half counts from its own end, so that both ends are exact.
  private static func evenlySpaced(_ first: Double, _ last: Double, count: Int) -> [Double] {
    guard count > 1 else { return [first] }
    let step = (last - first) / Double(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? first.addingProduct(step, Double(index)) : last.addingProduct(-step, Double(count - 1 - index))
    }
  }
}
