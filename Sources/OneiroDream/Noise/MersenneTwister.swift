/// The generator MT19937 of Matsumoto and Nishimura (1998): 32 random bits at a time, with a period of 2^19937 - 1.
public struct MersenneTwister: Sendable {
  private static let wordCount = 624
  private static let shift = 397
  private var words: [UInt32]
  private var next: Int

  /// Fills the state from 32 bits, as `init_genrand` of the published generator does.
  public init(seed: UInt32) {
    words = [UInt32](repeating: 0, count: Self.wordCount)
    next = Self.wordCount
    start(seed: seed)
  }

  /// The same in place.
  mutating func start(seed: UInt32) {
    words[0] = seed
    for index in 1..<Self.wordCount {
      let previous = words[index - 1]
      words[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
    next = Self.wordCount
  }

  public mutating func nextWord() -> UInt32 {
    if next == Self.wordCount { twist() }
    var word = words[next]
    next += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9d2c_5680
    word ^= (word << 15) & 0xefc6_0000
    return word ^ (word >> 18)
  }

  private mutating func twist() {
    for index in 0..<Self.wordCount {
      let joined = (words[index] & 0x8000_0000) | (words[(index + 1) % Self.wordCount] & 0x7fff_ffff)
      let mixed = (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
      words[index] = words[(index + Self.shift) % Self.wordCount] ^ mixed
    }
    next = 0
  }
}
