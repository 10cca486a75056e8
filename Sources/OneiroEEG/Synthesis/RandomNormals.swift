import Foundation
import OneiroModel

/// Normal numbers from a seed, by the method of Box and Muller.
struct RandomNormals {
  private var generator: SplitMix64
  private var spare: Double?

  init(seed: UInt64) { generator = SplitMix64(state: seed) }

  mutating func word() -> UInt64 { generator.next() }

  /// From `low` up to, and without, `high`.
  mutating func uniform(_ low: Double = 0, _ high: Double = 1) -> Double {
    low + Double(word() >> 11) * 0x1p-53 * (high - low)
  }

  /// Mean 0, standard deviation 1.
  mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    let radius = (-2 * log(1 - uniform())).squareRoot(), angle = 2 * .pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// 0 ..< count in a random order.
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, Int(word() % UInt64(index + 1))) }
    return order
  }
}
