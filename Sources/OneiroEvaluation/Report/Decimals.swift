import Foundation

/// Numbers as people read them.
enum Decimals {
  /// Three digits that count: "0.800", "12.3", "1234".
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let size = abs(value)
    // A small number rounds to 0, not to -0.
    let rounded = size < 0.0005 ? 0 : value
    return String(format: size < 10 ? "%.3f" : size < 100 ? "%.1f" : "%.0f", rounded)
  }
}
