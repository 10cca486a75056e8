/// Means of many scores with bootstrap confidence intervals, in memory that does not grow with the number of trials.
///
/// The bootstrap draws as many trials as there are, with replacement, and takes the mean, again and again. How often a
/// trial is drawn is nearly a Poisson number of mean 1, and independent of the other trials; so each replicate is a
/// running sum (Chamandy and others 2012, "Estimating uncertainty for massive data streams"). A trial is drawn as often
/// for one score as for another, which makes the interval of a difference the interval of paired trials.
public struct PoissonBootstrap: Sendable {
  public let replicates: Int
  /// How many scores a trial has.
  public let width: Int
  private let seed: UInt64
  /// [width, replicates]: sums of weight times score, and of weight.
  private var sums: [Double]
  private var weights: [Double]
  /// [width].
  private var totals: [Double]
  private var counts: [Int]
  private var drawn: [Double]
  private var units: Set<UInt64> = []

  /// - width: how many scores each trial has.
  public init(width: Int, replicates: Int = 2000, seed: UInt64 = 0) {
    precondition(width >= 0 && replicates >= 1)
    self.width = width
    self.replicates = replicates
    self.seed = seed
    sums = [Double](repeating: 0, count: width * replicates)
    weights = sums
    totals = [Double](repeating: 0, count: width)
    counts = [Int](repeating: 0, count: width)
    drawn = [Double](repeating: 0, count: replicates)
  }

  /// How many independent units there were.
  public var unitCount: Int { units.count }

  /// - unit: what is drawn as a whole. Trials that are no independent observations, such as those of one stimulus, have
  ///   the same.
  /// - scores: [width]; NaN where a trial has none.
  public mutating func add(unit: UInt64, _ scores: [Double]) {
    precondition(scores.count == width)
    units.insert(unit)
    var generator = SeededGenerator(seed, unit)
    for index in 0..<replicates { drawn[index] = Self.poisson(generator.uniform()) }
    let replicates = replicates
    drawn.withUnsafeBufferPointer { drawn in
      sums.withUnsafeMutableBufferPointer { sums in
        weights.withUnsafeMutableBufferPointer { weights in
          for (column, score) in scores.enumerated() where !score.isNaN {
            totals[column] += score
            counts[column] += 1
            let start = column * replicates
            for index in 0..<replicates {
              sums[start + index] += drawn[index] * score
              weights[start + index] += drawn[index]
            }
          }
        }
      }
    }
  }

  /// The mean of a score with its interval; `nil` when no trial has it.
  public func estimate(_ column: Int, confidence: Double = 0.95) -> Estimate? {
    guard counts[column] > 0 else { return nil }
    let values = (0..<replicates).compactMap { replicateMean(column, $0) }
    return Estimate(mean: mean(column), replicates: values, count: counts[column], confidence: confidence)
  }

  /// The mean of one score less that of another, of the same trials.
  public func difference(_ one: Int, _ other: Int, confidence: Double = 0.95) -> Estimate? {
    guard counts[one] > 0, counts[other] > 0 else { return nil }
    let values = (0..<replicates).compactMap { replicate -> Double? in
      guard let first = replicateMean(one, replicate), let second = replicateMean(other, replicate) else { return nil }
      return first - second
    }
    return Estimate(
      mean: mean(one) - mean(other), replicates: values, count: min(counts[one], counts[other]), confidence: confidence)
  }

  private func mean(_ column: Int) -> Double { totals[column] / Double(counts[column]) }

  /// `nil` when no trial was drawn, which happens when there are few.
  private func replicateMean(_ column: Int, _ replicate: Int) -> Double? {
    let index = column * replicates + replicate
    return weights[index] > 0 ? sums[index] / weights[index] : nil
  }

  /// The Poisson number of mean 1 that a uniform number stands for, by the sums of 1 / (e n!).
  private static func poisson(_ uniform: Double) -> Double {
    var number = 0.0
    for bound in cumulative where uniform >= bound { number += 1 }
    return number
  }

  private static let cumulative: [Double] = {
    var term = 0.36787944117144233, sum = 0.0
    return (1...18).map { number in
      sum += term
      term /= Double(number)
      return sum
    }
  }()
}

/// A mean with an interval that holds the true one with a certain confidence.
public struct Estimate: Sendable, Equatable {
  public let mean: Double
  public let low: Double
  public let high: Double
  /// Of how many trials.
  public let count: Int

  public init(mean: Double, low: Double, high: Double, count: Int) {
    self.mean = mean
    self.low = low
    self.high = high
    self.count = count
  }

  /// The percentile interval of bootstrap replicates.
  init(mean: Double, replicates: [Double], count: Int, confidence: Double) {
    let sorted = replicates.sorted()
    let tail = (1 - confidence) / 2
    self.init(
      mean: mean, low: sorted.isEmpty ? mean : Self.quantile(sorted, tail),
      high: sorted.isEmpty ? mean : Self.quantile(sorted, 1 - tail), count: count)
  }

  /// Between two neighbours in proportion, as NumPy's default.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1), below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
