/// 16-bit floats as float32, by integer arithmetic that vectorizes on any processor: not all x86-64 ones convert
/// float16 in hardware, and the library's conversion is a call for each number.
public enum HalfWidening {
  /// Exact for every number; a NaN stays one.
  static func widen(float16 source: UnsafePointer<UInt16>, count: Int, into target: UnsafeMutablePointer<UInt32>) {
    for index in 0..<count { target[index] = float32Bits(float16: source[index]) }
  }

  /// bfloat16 is the upper half of a float32.
  static func widen(bfloat16 source: UnsafePointer<UInt16>, count: Int, into target: UnsafeMutablePointer<UInt32>) {
    for index in 0..<count { target[index] = UInt32(source[index]) &<< 16 }
  }

  /// The bits of the float32 that a float16 is. Without branches. No step makes a denormal float32, so that the
  /// processor's mode for those does not matter.
  @inlinable @inline(__always)
  public static func float32Bits(float16 half: UInt16) -> UInt32 {
    // Exponent and mantissa where float32 has them; what is missing is the difference of the biases, 127 - 15.
    let shifted = UInt32(half & 0x7FFF) &<< 13
    let rebias: UInt32 = 112 &<< 23
    let number = shifted &+ rebias
    // Exponent 31 becomes 255: infinity and NaN.
    let special = number &+ rebias
    // A denormal is its mantissa times 2^-24: behind a leading one that is taken away again.
    let denormal = (Float(bitPattern: number &+ (1 &<< 23)) - 0x1p-14).bitPattern
    let magnitude = shifted < 1 &<< 23 ? denormal : shifted >= 31 &<< 23 ? special : number
    return magnitude | UInt32(half & 0x8000) &<< 16
  }
}
