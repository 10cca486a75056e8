import OneiroModel

/// Random numbers for controls and intervals, a stream of its own for each purpose.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  /// - keys: what tells this stream from others, such as the seed and the number of a trial.
  public init(_ keys: UInt64...) {
    generator = SplitMix64(
      state: keys.reduce(0) { state, key in SplitMix64.mix(state &+ key &+ SplitMix64.increment) })
  }

  public mutating func next() -> UInt64 { generator.next() }

  /// In 0 ..< 1, of 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
