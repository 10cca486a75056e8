import Foundation

/// Another sampling rate, `up / down` times the old one: as if `up - 1` zeros were put behind each sample, then
/// filtered with a low-pass of linear phase (a sinc under Kaiser's window), then every `down`-th sample taken. Nothing
/// is shifted in time. Only what is not multiplied with those zeros is computed.
public struct PolyphaseResampling: Sendable {
  public let up: Int, down: Int
  /// The right half of the low-pass with its middle: it is even.
  private let taps: [Double]

  /// So many zero crossings of the sinc on each side.
  private static let crossings = 10
  /// Kaiser's beta: ripples of some 50 dB.
  private static let beta = 5.0
  /// Rates with no small common multiple would need filters without end.
  public static let mostSteps = 100_000

  /// - from, to: rates in Hz.
  /// - Returns: `nil` where the rates are in no ratio of integers up to `mostSteps`.
  public init?(from: Double, to: Double) {
    guard let (up, down) = Self.ratio(to / from) else { return nil }
    self.init(up: up, down: down)
  }

  /// - up, down: without common divisor.
  init(up: Int, down: Int) {
    precondition(up >= 1 && down >= 1)
    (self.up, self.down) = (up, down)
    let steps = max(up, down), half = up == down ? 0 : Self.crossings * steps
    let normal = Self.bessel(Self.beta)
    var taps = (0...half).map { n -> Double in
      guard n > 0 else { return 1 }
      let x = Double(n) / Double(steps), place = Double(n) / Double(half)
      return sin(.pi * x) / (.pi * x) * Self.bessel(Self.beta * (1 - place * place).squareRoot()) / normal
    }
    let sum = taps.dropFirst().reduce(0, +) * 2 + taps[0]
    for index in taps.indices { taps[index] *= Double(up) / sum }
    self.taps = taps
  }

  /// How far a sample of the result looks, in samples of what it is made from.
  public var reach: Int { (taps.count - 1) / up + 1 }

  /// How many samples come out.
  public func count(of sampleCount: Int) -> Int { (sampleCount * up + down - 1) / down }

  /// - samples: nothing but zeros before and behind them.
  public func callAsFunction(_ samples: [Double]) -> [Double] {
    guard up != down else { return samples }
    let half = taps.count - 1
    return (0..<count(of: samples.count)).map { output in
      // The sample k lies at k * up in the stretched signal, this output at `place`.
      let place = output * down
      let first = max(0, (place - half + up - 1) / up), last = min(samples.count - 1, (place + half) / up)
      var sum = 0.0
      for index in stride(from: first, through: last, by: 1) { sum += samples[index] * taps[abs(place - index * up)] }
      return sum
    }
  }

  /// The modified Bessel function of the first kind, order 0, by its series.
  private static func bessel(_ x: Double) -> Double {
    var sum = 1.0, term = 1.0, k = 1.0
    while term > sum * 1e-17 {
      term *= (x / (2 * k)) * (x / (2 * k))
      sum += term
      k += 1
    }
    return sum
  }

  /// The fraction of integers that a ratio is, by its continued fraction, as rates are written: to nine digits.
  private static func ratio(_ value: Double) -> (up: Int, down: Int)? {
    guard value.isFinite, value > 0, value < Double(mostSteps) else { return nil }
    var (h, previousH, k, previousK) = (1.0, 0.0, 0.0, 1.0)
    var rest = value
    for _ in 0..<40 {
      let whole = rest.rounded(.down)
      (h, previousH) = (whole * h + previousH, h)
      (k, previousK) = (whole * k + previousK, k)
      guard h <= Double(mostSteps), k <= Double(mostSteps) else { return nil }
      if abs(h / k - value) <= 1e-9 * value { return h >= 1 ? (Int(h), Int(k)) : nil }
      rest = 1 / (rest - whole)
    }
    return nil
  }
}
