import Glibc
import OneiroDream
import OneiroEEG

/// Ridge regression worked out over trials, for which far more features than trials are no matter:
///
///     weights = (K + λ)⁻¹ k       prediction = Σ weightsᵢ targetᵢ
///
/// K holds the products of the trials' features, k those of a new trial with them. λ is the one of a row of them whose
/// error in trials that are left out, one at a time, is least.
public struct KernelRidge: Sendable {
  public let count: Int
  public let lambda: Double
  /// (K + λ)⁻¹, [count, count].
  private let inverse: [Double]

  /// - kernel: K, [count, count], symmetric with no negative eigenvalue.
  /// - labels: what λ is chosen by: how well they are predicted.
  public init(_ kernel: [Double], labels: [Int]) {
    count = labels.count
    let eigen = SymmetricEigen(kernel, count: count)
    let typical = max(eigen.values.reduce(0, +) / Double(max(count, 1)), .leastNormalMagnitude)
    var best: (error: Double, lambda: Double, inverse: [Double])?
    for exponent in stride(from: -4.0, through: 2, by: 0.5) {
      let lambda = typical * pow(10, exponent)
      let inverse = eigen.reassembled { 1 / (max($0, 0) + lambda) }
      let error = Self.errorOfLeftOut(inverse, labels)
      if error < best?.error ?? .infinity { best = (error, lambda, inverse) }
    }
    lambda = best?.lambda ?? typical
    inverse = best?.inverse ?? eigen.reassembled { 1 / (max($0, 0) + typical) }
  }

  /// One weight for each trial, 0 for those that are held out. Without the rows S, the inverse is that of the rest:
  ///
  ///     G - G[:, S] G[S, S]⁻¹ G[S, :]       G = (K + λ)⁻¹
  ///
  /// - products: k, [count].
  /// - heldOut: rows that are treated as if they were not there.
  /// - Returns: `nil` when nothing is left.
  public func weights(_ products: [Double], heldOut: [Int] = []) -> [Double]? {
    precondition(products.count == count)
    guard heldOut.count < count else { return nil }
    var known = products
    for row in heldOut { known[row] = 0 }
    var weights = (0..<count).map { row in
      (0..<count).reduce(0.0) { $0 + inverse[row * count + $1] * known[$1] }
    }
    guard !heldOut.isEmpty else { return weights }
    let block = heldOut.map { row in heldOut.map { inverse[row * count + $0] } }
    guard let solved = LinearSystem.solve(block, heldOut.map { [weights[$0]] }) else { return nil }
    for row in 0..<count {
      for (column, value) in zip(heldOut, solved) { weights[row] -= inverse[row * count + column] * value[0] }
    }
    for row in heldOut { weights[row] = 0 }
    return weights
  }

  /// The summed squares of (G y)ᵢ / Gᵢᵢ, the error of trial i when it is left out, with y 1 for a label and 0 for
  /// others.
  private static func errorOfLeftOut(_ inverse: [Double], _ labels: [Int]) -> Double {
    let count = labels.count
    var error = 0.0
    for kind in Set(labels) {
      for row in 0..<count {
        var sum = 0.0
        for column in 0..<count where labels[column] == kind { sum += inverse[row * count + column] }
        let residual = sum / inverse[row * count + row]
        error += residual * residual
      }
    }
    return error
  }
}
