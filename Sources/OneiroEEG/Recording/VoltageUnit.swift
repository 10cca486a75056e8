/// Units of voltage as files spell them.
enum VoltageUnit {
  /// What one unit is in microvolts; `nil` for what is no voltage.
  static func microvolts(_ unit: String) -> Double? {
    switch unit.filter({ !$0.isWhitespace }) {
    // The micro sign, the Greek letter, and what is left of them in ASCII.
    case "uV", "\u{B5}V", "\u{3BC}V", "UV", "uv", "uVolt", "microV", "microvolt", "microvolts": 1
    case "mV", "millivolt", "millivolts": 1e3
    case "nV", "nanovolt": 1e-3
    case "V", "Volt", "volt", "volts": 1e6
    case "kV": 1e9
    default: nil
    }
  }
}
