extension Int64 {
  /// Towards zero; NaN is 0, and what lies past the range is the end of the range.
  init(saturating value: Double) {
    if value.isNaN { self = 0 } else if value >= 0x1p63 { self = .max } else if value <= -0x1p63 { self = .min } else { self = Int64(value) }
  }
}
