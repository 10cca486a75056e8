import OneiroGraph

/// What an electrode would measure, from others: the smoothest potential on a sphere that passes through what they
/// measure (F. Perrin et al. 1989, "Spherical splines for scalp potential and current density mapping"), with the
/// constants that MNE takes: m = 4, 50 terms, and 1e-5 on the diagonal, which makes close electrodes share their noise.
///
///     V(r) = c0 + sum over i of c_i g(r . r_i),   sum of c_i = 0,   V(r_i) = v_i
///     g(x) = 1 / 4 pi sum over n = 1 ... 50 of (2n + 1) / (n (n + 1))^4 P_n(x)
public enum SphericalSpline {
  private static let smoothing = 1e-5
  private static let factors: [Double] = (1...50).map { n in
    let n = Double(n), product = n * (n + 1)
    return (2 * n + 1) / (product * product * product * product * 4 * Double.pi)
  }

  /// A weight for each measuring electrode in each one that is wanted, [to][from]; those of one wanted electrode add up
  /// to 1. `nil` where there is nothing to measure with.
  /// - from, to: positions around the middle of the head, in any unit.
  public static func weights(from: [SIMD3<Double>], to: [SIMD3<Double>]) -> [[Double]]? {
    guard !from.isEmpty else { return nil }
    let from = from.map(\.normalized), to = to.map(\.normalized)
    var system = from.indices.map { row in
      from.indices.map { g(dot(from[row], from[$0])) + (row == $0 ? smoothing : 0) } + [1]
    }
    system.append([Double](repeating: 1, count: from.count) + [0])
    // The system is symmetric: its inverse times the wanted electrodes' values is the transpose of the weights.
    var right = from.map { source in to.map { g(dot($0, source)) } }
    right.append([Double](repeating: 1, count: to.count))
    guard let solution = LinearSystem.solve(system, right) else { return nil }
    return to.indices.map { target in from.indices.map { solution[$0][target] } }
  }

  /// By the recurrence (n + 1) P_n+1 = (2n + 1) x P_n - n P_n-1.
  private static func g(_ cosine: Double) -> Double {
    let x = min(1, max(-1, cosine))
    var (before, current, sum) = (1.0, x, 0.0)
    for (index, factor) in factors.enumerated() {
      sum += factor * current
      let n = Double(index + 1)
      (before, current) = (current, ((2 * n + 1) * x * current - n * before) / (n + 1))
    }
    return sum
  }
}
