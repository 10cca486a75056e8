import COneiroKernel

/// A 16-bit type in which the elements of a float32 constant may lie.
enum NarrowType: Int32 {
  /// ONEIRO_FLOAT16 and ONEIRO_BFLOAT16.
  case float16 = 10
  case bfloat16 = 16

  /// The elements as float32; exact. A NaN stays one.
  /// - source: `count` elements of this type, aligned to them.
  func widen(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer) {
    let from = source.assumingMemoryBound(to: UInt16.self)
    let to = target.bindMemory(to: UInt32.self, capacity: count)
    switch self {
    case .float16: for index in 0..<count { to[index] = Self.float32Bits(float16: from[index]) }
    case .bfloat16: for index in 0..<count { to[index] = UInt32(from[index]) &<< 16 }
    }
  }

  /// Without branches, so that the loop vectorizes, and without denormal float32 numbers, which the processor may be
  /// set to take for zero.
  @inline(__always)
  private static func float32Bits(float16 half: UInt16) -> UInt32 {
    let shifted = UInt32(half & 0x7FFF) &<< 13
    // The difference of the exponents' biases, 127 - 15; once more for infinity and NaN.
    let number = shifted &+ 112 &<< 23
    let special = number &+ 112 &<< 23
    // The mantissa times 2^-24.
    let denormal = (Float(bitPattern: number &+ 1 &<< 23) - 0x1p-14).bitPattern
    let magnitude = shifted < 1 &<< 23 ? denormal : shifted >= 31 &<< 23 ? special : number
    return magnitude | UInt32(half & 0x8000) &<< 16
  }
}
