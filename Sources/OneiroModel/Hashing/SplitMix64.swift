/// The generator SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014): 64 random bits
/// a step from a state that is a counter.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mix(state)
  }

  /// What the state grows by in a step.
  package static let increment: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The bits that a state stands for.
  @inline(__always) package static func mix(_ state: UInt64) -> UInt64 {
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }
}
