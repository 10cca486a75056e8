/// float32 as float16, by integer arithmetic that vectorizes; see `HalfWidening`.
public enum HalfNarrowing {
  /// Rounds to nearest, ties to even. What lies past the range becomes infinite; a NaN stays one.
  public static func narrow(_ source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Float16>) {
    precondition(source.count == target.count)
    guard let from = source.baseAddress, let base = target.baseAddress else { return }
    let count = source.count
    base.withMemoryRebound(to: UInt16.self, capacity: count) { to in
      for index in 0..<count { to[index] = float16Bits(from[index].bitPattern) }
    }
  }

  @inline(__always)
  private static func float16Bits(_ bits: UInt32) -> UInt16 {
    let magnitude = bits & 0x7FFF_FFFF
    // The upper 10 bits of the mantissa under the smaller exponent. Adding just under half a unit, and one more when
    // the last bit kept is odd, carries where rounding goes up; a carry out of the mantissa is right in the exponent.
    let number = (magnitude &- 112 &<< 23 &+ 0xFFF &+ (magnitude &>> 13 & 1)) &>> 13
    // Below 2^-14 a unit is 2^-24, which is the unit of float32 numbers from 0.5 to 1: the addition rounds.
    let small = Float(bitPattern: magnitude < 113 &<< 23 ? magnitude : 0)
    let denormal = (small + 0.5).bitPattern &- Float(0.5).bitPattern
    let special: UInt32 = magnitude > 255 &<< 23 ? 0x7E00 : 0x7C00
    let result = magnitude < 113 &<< 23 ? denormal : magnitude >= 143 &<< 23 ? special : number
    return UInt16(truncatingIfNeeded: result | (bits &>> 16 & 0x8000))
  }
}
