/// bfloat16: the upper half of a float32.
public struct BFloat16: Sendable, Hashable {
  public var bitPattern: UInt16
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even; every NaN becomes a quiet NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    bitPattern =
      value.isNaN ? UInt16(bits >> 16) | 0x40 : UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  /// Goes through float32 with the sticky bit kept, so that rounding twice cannot change the result.
  public init(_ value: Double) { self.init(Float(roundedToOdd: value)) }
}

extension Float {
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }

  /// Rounds towards zero and sets the lowest bit when something was cut off. A second rounding to 22 bits or fewer then
  /// equals a single rounding of the original.
  init(roundedToOdd value: Double) {
    let nearest = Float(value)
    guard value.isFinite, nearest.isFinite, Double(nearest) != value else {
      // A finite value past float32's range: the largest finite number is odd and rounds on as it should.
      self =
        value.isFinite && nearest.isInfinite
        ? (value < 0 ? -Float.greatestFiniteMagnitude : Float.greatestFiniteMagnitude) : nearest
      return
    }
    let truncated = Swift.abs(Double(nearest)) > Swift.abs(value) ? Float(bitPattern: nearest.bitPattern - 1) : nearest
    self.init(bitPattern: truncated.bitPattern | 1)
  }
}

/// A float of 4, 6 or 8 bits, by its layout: what ONNX calls float8e4m3fn and so on.
public struct MiniFloatFormat: Sendable, Hashable {
  public let exponentBits: Int
  public let mantissaBits: Int
  public let bias: Int
  /// Infinity has an encoding (float8e5m2 only).
  public let hasInfinity: Bool
  /// Where NaN is encoded.
  public let nan: NaN
  public let isSigned: Bool
  /// Magnitudes that can be encoded, in the order of their codes, which is rising.
  private var finiteMagnitudes: [Double] = []

  public enum NaN: Sendable, Hashable {
    /// No encoding: float4e2m1.
    case none
    /// All exponent and mantissa bits set, either sign.
    case allOnes
    /// As in IEEE 754: exponent all ones, mantissa not zero.
    case ieee
    /// The encoding of negative zero, which then does not exist.
    case negativeZero
  }

  private init(exponentBits: Int, mantissaBits: Int, bias: Int, hasInfinity: Bool, nan: NaN, isSigned: Bool) {
    self.exponentBits = exponentBits
    self.mantissaBits = mantissaBits
    self.bias = bias
    self.hasInfinity = hasInfinity
    self.nan = nan
    self.isSigned = isSigned
    finiteMagnitudes = (0...magnitudeMask).map { decode(UInt8($0)) }.filter { $0.isFinite }
  }

  // Made once each: `encode` looks its neighbours up in the table.
  private static let float8e4m3fn = Self(
    exponentBits: 4, mantissaBits: 3, bias: 7, hasInfinity: false, nan: .allOnes, isSigned: true)
  private static let float8e4m3fnuz = Self(
    exponentBits: 4, mantissaBits: 3, bias: 8, hasInfinity: false, nan: .negativeZero, isSigned: true)
  private static let float8e5m2 = Self(
    exponentBits: 5, mantissaBits: 2, bias: 15, hasInfinity: true, nan: .ieee, isSigned: true)
  private static let float8e5m2fnuz = Self(
    exponentBits: 5, mantissaBits: 2, bias: 16, hasInfinity: false, nan: .negativeZero, isSigned: true)
  private static let float4e2m1 = Self(
    exponentBits: 2, mantissaBits: 1, bias: 1, hasInfinity: false, nan: .none, isSigned: true)
  private static let float8e8m0 = Self(
    exponentBits: 8, mantissaBits: 0, bias: 127, hasInfinity: false, nan: .allOnes, isSigned: false)

  public static func of(_ type: ElementType) -> MiniFloatFormat? {
    switch type {
    case .float8e4m3fn: float8e4m3fn
    case .float8e4m3fnuz: float8e4m3fnuz
    case .float8e5m2: float8e5m2
    case .float8e5m2fnuz: float8e5m2fnuz
    case .float4e2m1: float4e2m1
    case .float8e8m0: float8e8m0
    default: nil
    }
  }

  var width: Int { exponentBits + mantissaBits + (isSigned ? 1 : 0) }
  private var magnitudeMask: Int { (1 << (exponentBits + mantissaBits)) - 1 }
  private var signBit: Int { isSigned ? 1 << (exponentBits + mantissaBits) : 0 }

  /// The value that `bits` encode.
  public func decode(_ bits: UInt8) -> Double {
    let bits = Int(bits) & ((1 << width) - 1)
    let negative = bits & signBit != 0
    let magnitude = bits & magnitudeMask
    let exponent = magnitude >> mantissaBits, mantissa = magnitude & ((1 << mantissaBits) - 1)
    let top = (1 << exponentBits) - 1
    switch nan {
    case .negativeZero where bits == signBit: return .nan
    case .allOnes where magnitude == magnitudeMask: return .nan
    case .ieee where exponent == top: return mantissa == 0 ? (negative ? -.infinity : .infinity) : .nan
    default: break
    }
    let isDenormal = exponent == 0 && isSigned
    let fraction = Double(isDenormal ? mantissa : mantissa + 1 << mantissaBits) / Double(1 << mantissaBits)
    let value = fraction * Double(sign: .plus, exponent: (isDenormal ? 1 : exponent) - bias, significand: 1)
    return negative ? -value : value
  }

  /// The nearest code, ties to the even one. Past the range: the largest finite value when `saturate`, otherwise
  /// infinity or NaN, whichever the format has.
  public func encode(_ value: Double, saturate: Bool) -> UInt8 {
    let negative = value.sign == .minus
    func signed(_ magnitude: Int) -> UInt8 {
      if nan == .negativeZero && magnitude == 0 { return 0 }
      return UInt8(magnitude | (negative ? signBit : 0))
    }
    var nanCode: UInt8 {
      switch nan {
      case .none: signed(0)
      case .allOnes: signed(magnitudeMask)
      case .ieee: signed(magnitudeMask)
      case .negativeZero: UInt8(signBit)
      }
    }
    if value.isNaN { return nanCode }
    let magnitudes = finiteMagnitudes
    let magnitude = abs(value)
    let last = magnitudes.count - 1
    // Halfway to the step that would follow the largest value, rounding goes past the range.
    let step = last > 0 ? magnitudes[last] - magnitudes[last - 1] : 0
    let isPastRange =
      value.isInfinite || magnitude > magnitudes[last] + step / 2
      || (magnitude == magnitudes[last] + step / 2 && last & 1 == 1)
    if isPastRange {
      if saturate || nan == .none { return signed(last) }
      return hasInfinity ? signed(((1 << exponentBits) - 1) << mantissaBits) : nanCode
    }
    if magnitude >= magnitudes[last] { return signed(last) }
    var low = 0, high = last
    while high - low > 1 {
      let middle = (low + high) / 2
      if magnitudes[middle] <= magnitude { low = middle } else { high = middle }
    }
    let below = magnitude - magnitudes[low], above = magnitudes[high] - magnitude
    return signed(below < above || (below == above && low & 1 == 0) ? low : high)
  }
}
