/// SplitMix64 (Steele and others 2014): random numbers for controls and intervals, a stream of its own for each purpose.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - keys: what tells this stream from others, such as the seed and the number of a trial.
  public init(_ keys: UInt64...) {
    state = 0
    for key in keys { state = Self.mix(state &+ key &+ Self.step) }
  }

  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mix(state)
  }

  /// In 0 ..< 1, of 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mix(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }
}
