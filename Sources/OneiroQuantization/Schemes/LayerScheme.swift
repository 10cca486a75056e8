/// How one layer's weights are kept, and what it multiplies.
public enum LayerScheme: String, CaseIterable, Sendable, Hashable, Codable {
  /// As it is.
  case f32
  /// Weights as float16 behind a Cast.
  case f16
  /// Weights as int8, a scale for each output channel, behind DequantizeLinear.
  case w8
  /// Weights as int4, a scale for each block of 32 along the axis that is summed over, behind DequantizeLinear.
  case w4
  /// `w8`, and the activation as uint8 through QuantizeLinear and DequantizeLinear with a range from calibration.
  case w8a8
  /// int8 weights times an activation whose range is found in every run: DynamicQuantizeLinear with MatMulInteger or
  /// ConvInteger.
  case w8a8Dynamic = "w8a8-dynamic"

  public var needsCalibration: Bool { self == .w8a8 }
}

extension LayerScheme {
  public var weightBits: Int {
    switch self {
    case .f32: 32
    case .f16: 16
    case .w8, .w8a8, .w8a8Dynamic: 8
    case .w4: 4
    }
  }
}
