import OneiroGraph

/// How Cast rounds to float8e8m0, which holds the powers of two from 2^-127 to 2^127 and NaN, and no sign.
public enum PowerOfTwoRounding: String, Sendable {
  case up, down
  /// Halfway, which is 1.5 times a power of two, goes up.
  case nearest

  init(_ attributes: NodeAttributes) throws(KernelError) {
    let mode = attributes.string("round_mode")
    guard let rounding = Self(rawValue: mode) else {
      throw KernelError("round_mode: expected up, down or nearest, found \"\(mode)\"")
    }
    self = rounding
  }

  /// The code of a number's magnitude. What lies past the range becomes its end, or NaN without `saturate`.
  func code(_ value: Double, saturate: Bool) -> UInt8 {
    let nan: UInt8 = 255, largest: UInt8 = 254, bias = 127
    let magnitude = value.magnitude
    if magnitude.isNaN { return nan }
    if magnitude.isInfinite { return saturate ? largest : nan }
    if magnitude < 0x1p-127 { return saturate ? 0 : nan }
    let roundsUp =
      switch self {
      case .up: magnitude.significand > 1
      case .down: false
      case .nearest: magnitude.significand >= 1.5
      }
    let code = Int(magnitude.exponent) + bias + (roundsUp ? 1 : 0)
    return code > Int(largest) ? (saturate ? largest : nan) : UInt8(code)
  }
}
