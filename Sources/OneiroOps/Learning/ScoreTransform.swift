import Glibc
import OneiroGraph

/// What attribute `post_transform` makes of the scores of one row.
enum ScoreTransform: Int {
  case none, softmax, logistic
  /// Softmax over the scores that are not zero, which stay so.
  case softmaxZero
  /// The number at which the normal distribution reaches the score.
  case probit

  init(_ attributes: NodeAttributes) throws(KernelError) {
    guard let transform = Self(rawValue: attributes.int("post_transform")) else {
      throw KernelError("expected 0 ... 4, found \(attributes.int("post_transform"))")
    }
    self = transform
  }

  func applied(to scores: [Double]) -> [Double] {
    switch self {
    case .none: return scores
    case .logistic: return scores.map { 1 / (1 + exp(-$0)) }
    case .probit: return scores.map(Self.quantile)
    case .softmax, .softmaxZero:
      let largest = scores.max() ?? 0
      let powers = scores.map { self == .softmaxZero && $0 == 0 ? 0 : exp($0 - largest) }
      let sum = powers.reduce(0, +)
      return powers.map { sum == 0 ? 0 : $0 / sum }
    }
  }

  /// The quantile of the normal distribution, by halving: 200 steps reach the last bit of a Double.
  private static func quantile(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else {
      return probability == 0 ? -.infinity : probability == 1 ? .infinity : .nan
    }
    var low = -40.0, high = 40.0
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if erfc(-middle / 2.0.squareRoot()) / 2 < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
