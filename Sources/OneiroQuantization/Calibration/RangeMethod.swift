import Glibc

/// How a range is chosen from what was seen.
public enum RangeMethod: String, CaseIterable, Sendable, Codable {
  /// All that was seen.
  case minmax
  /// All but the outermost hundredth of a per cent, half of it at each end.
  case percentile
  /// The range whose 256 levels leave the least Kullback-Leibler divergence from what was seen.
  case entropy
  /// The range that leaves the least mean squared error.
  case mse

  /// - histogram: of at least one number.
  public func quantization(_ histogram: Histogram) -> ActivationQuantization {
    let whole = ActivationQuantization(low: histogram.low, high: histogram.high)
    guard histogram.limit > 0 else { return whole }
    switch self {
    case .minmax: return whole
    case .percentile: return Self.percentile(histogram, cut: 1e-4)
    case .entropy: return Self.entropy(histogram)
    case .mse: return Self.leastError(histogram)
    }
  }

  private static func percentile(_ histogram: Histogram, cut: Double) -> ActivationQuantization {
    let allowed = Int(Double(histogram.count) * cut / 2)
    func edge(_ bins: some Sequence<Int>) -> Int {
      var sum = 0
      for bin in bins {
        sum += histogram.bins[bin]
        if sum > allowed { return bin }
      }
      return 0
    }
    let first = edge(histogram.bins.indices), last = edge(histogram.bins.indices.reversed())
    return ActivationQuantization(
      low: max(histogram.low, histogram.center(first) - histogram.width / 2),
      high: min(histogram.high, histogram.center(last) + histogram.width / 2))
  }

  /// Takes in one end after the other, each by hundredths, until neither gets better.
  private static func leastError(_ histogram: Histogram) -> ActivationQuantization {
    func error(_ quantization: ActivationQuantization) -> Double {
      var sum = 0.0
      for (bin, count) in histogram.bins.enumerated() where count > 0 {
        let center = histogram.center(bin), difference = Double(center - quantization.rounded(center))
        sum += Double(count) * difference * difference
      }
      return sum
    }
    var low = histogram.low, high = histogram.high
    var best = ActivationQuantization(low: low, high: high), least = error(best)
    for _ in 0..<3 {
      let before = least
      for step in 1..<80 {
        let candidate = histogram.high * (1 - Float(step) / 100)
        let quantization = ActivationQuantization(low: low, high: candidate), found = error(quantization)
        if found < least { (best, least, high) = (quantization, found, candidate) }
      }
      for step in 1..<80 {
        let candidate = histogram.low * (1 - Float(step) / 100)
        let quantization = ActivationQuantization(low: candidate, high: high), found = error(quantization)
        if found < least { (best, least, low) = (quantization, found, candidate) }
      }
      if least == before { break }
    }
    return best
  }

  /// Both ends are cut at the same magnitude, where no fewer bins are left than there are levels.
  private static func entropy(_ histogram: Histogram) -> ActivationQuantization {
    let half = Histogram.binCount / 2
    var best = ActivationQuantization(low: histogram.low, high: histogram.high), least = Double.infinity
    for reach in stride(from: 128, through: half, by: 16) {
      let limit = Float(reach) * histogram.width
      let low = max(histogram.low, -limit), high = min(histogram.high, limit)
      let quantization = ActivationQuantization(low: low, high: high)
      let divergence = Self.divergence(histogram, quantization, low: low, high: high)
      if divergence < least { (best, least) = (quantization, divergence) }
    }
    return best
  }

  /// Of the levels' distribution from the one that was seen, what is cut off counted at the ends.
  private static func divergence(
    _ histogram: Histogram, _ quantization: ActivationQuantization, low: Float, high: Float
  ) -> Double {
    var seen = [Double](repeating: 0, count: Histogram.binCount)
    var counts = [Double](repeating: 0, count: 256), kinds = [Double](repeating: 0, count: 256)
    var level = [Int](repeating: 0, count: Histogram.binCount)
    for (bin, count) in histogram.bins.enumerated() where count > 0 {
      let center = histogram.center(bin), inside = min(max(center, low), high)
      let at = min(max(Int((inside + histogram.limit) / histogram.width), 0), Histogram.binCount - 1)
      let code = (quantization.rounded(inside) / quantization.scale).rounded() + Float(quantization.zeroPoint)
      if seen[at] == 0 {
        level[at] = Int(min(max(code, 0), 255))
        kinds[level[at]] += 1
      }
      seen[at] += Double(count)
      // The levels know only of what lies inside: what is cut off there makes the two differ.
      if center == inside { counts[level[at]] += Double(count) }
    }
    let total = Double(histogram.count), kept = max(counts.reduce(0, +), 1)
    var sum = 0.0
    for bin in seen.indices where seen[bin] > 0 {
      let expected = seen[bin] / total
      let found = max(counts[level[bin]] / kinds[level[bin]] / kept, 1e-12)
      sum += expected * log(expected / found)
    }
    return sum
  }
}
