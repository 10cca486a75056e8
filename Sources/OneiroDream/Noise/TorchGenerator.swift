import Glibc
import OneiroGraph

/// PyTorch's random generator for the CPU: the same seed gives the same numbers, so that a picture can be repeated with
/// either program.
public struct TorchGenerator: Sendable {
  private var engine: MersenneTwister
  /// The second of a pair of normal numbers that a small draw made; the next small draw starts with it.
  private var cachedNormal: Double?

  /// - seed: of which the low 32 bits count, as in PyTorch.
  public init(seed: UInt64) { engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed)) }

  /// Begins anew, as a new generator of that seed would; allocates nothing.
  public mutating func start(seed: UInt64) {
    engine.start(seed: UInt32(truncatingIfNeeded: seed))
    cachedNormal = nil
  }

  /// Uniform numbers in 0 ..< 1: 24 random bits each. What `torch.rand(count)` gives.
  public mutating func rand(_ count: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(uniformFloat()) }
    return result
  }

  /// Integers in range, from 32 random bits each (64 where the range is wider). What `torch.randint` gives.
  public mutating func randint(_ range: Range<Int64>, count: Int) -> [Int64] {
    precondition(!range.isEmpty, "randint from an empty range")
    let width = UInt64(bitPattern: range.upperBound &- range.lowerBound)
    return (0..<count).map { _ in
      let bits = width >> 32 == 0 ? UInt64(engine.nextWord()) : twoWords()
      return range.lowerBound &+ Int64(bitPattern: bits % width)
    }
  }

  /// Numbers of the standard normal distribution. What `torch.randn(count)` gives in float32.
  public mutating func randn(_ count: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { fillNormal($0) }
    return values
  }

  /// The same into memory that is there.
  public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) {
    let count = values.count
    guard count >= Self.groupSize else {
      for index in values.indices { values[index] = Float(normal()) }
      return
    }
    for index in values.indices { values[index] = uniformFloat() }
    for start in stride(from: 0, through: count - Self.groupSize, by: Self.groupSize) {
      Self.makeNormal(values, at: start)
    }
    if count % Self.groupSize != 0 {
      // The last group overlaps the one before it, so its uniform numbers are drawn anew.
      let start = count - Self.groupSize
      for index in start..<count { values[index] = uniformFloat() }
      Self.makeNormal(values, at: start)
    }
  }

  /// The same as a tensor of `dims`.
  public mutating func randn(dims: [Int]) -> Tensor {
    guard let count = Tensor.elementCount(dims) else { preconditionFailure("shape \(dims) overflows") }
    return Tensor(randn(count), dims: dims)
  }

  /// How many numbers the vectorised fill turns from uniform to normal at once.
  static let groupSize = 16

  /// The Box-Muller transform: the first half of a group gives the radii, the second half the angles.
  private static func makeNormal(_ values: UnsafeMutableBufferPointer<Float>, at start: Int) {
    for first in start..<start + groupSize / 2 {
      let second = first + groupSize / 2
      let radius = (-2 * CephesFloat.log(1 - values[first])).squareRoot()
      let (sin, cos) = CephesFloat.sinCos(2 * Float(Double.pi) * values[second])
      values[first] = radius * cos
      values[second] = radius * sin
    }
  }

  /// One normal number by the Box-Muller transform in double precision.
  private mutating func normal() -> Double {
    if let cached = cachedNormal {
      cachedNormal = nil
      return cached
    }
    let angle = 2 * Double.pi * uniformDouble()
    let radius = (-2 * log1p(-uniformDouble())).squareRoot()
    cachedNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  private mutating func uniformFloat() -> Float { Float(engine.nextWord() & 0xff_ffff) * 0x1p-24 }
  private mutating func uniformDouble() -> Double { Double(twoWords() & (1 << 53 - 1)) * 0x1p-53 }
  private mutating func twoWords() -> UInt64 {
    let high = UInt64(engine.nextWord())
    return high << 32 | UInt64(engine.nextWord())
  }
}
