import Foundation
import OneiroPicture

/// A part of the picture, in pixels.
struct PlotFrame {
  var left: Int, top: Int, width: Int, height: Int
  var right: Int { left + width }
  var bottom: Int { top + height }
}

enum PlotColour {
  static let ink = Picture.Colour(red: 30, green: 33, blue: 40)
  static let faint = Picture.Colour(red: 214, green: 218, blue: 224)
  static let grey = Picture.Colour(red: 120, green: 126, blue: 136)
  static let trace = Picture.Colour(red: 26, green: 72, blue: 140)
  static let event = Picture.Colour(red: 200, green: 60, blue: 40)
  static let single = Picture.Colour(red: 168, green: 192, blue: 224)

  /// From low to high, darker to lighter all the way, so that it reads in grey too. 0 to 1.
  static func heat(_ share: Double) -> Picture.Colour {
    let stops: [SIMD3<Double>] = [[38, 20, 92], [36, 92, 150], [32, 152, 140], [130, 205, 90], [250, 232, 60]]
    let place = min(max(share.isFinite ? share : 0, 0), 1) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let mixed = stops[index] + (stops[index + 1] - stops[index]) * (place - Double(index))
    return Picture.Colour(red: UInt8(mixed.x), green: UInt8(mixed.y), blue: UInt8(mixed.z))
  }
}

enum PlotText {
  static func number(_ value: Double) -> String {
    abs(value) < 1e6 && value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.4g", value)
  }

  /// 1, 2 or 5 times a power of ten: the largest that is not above `value`.
  static func round(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    let power = pow(10, log10(value).rounded(.down))
    return power * (value / power >= 5 ? 5 : value / power >= 2 ? 2 : 1)
  }

  /// The letters that the font has: a micro sign is a u.
  static func ascii(_ text: String) -> String {
    String(text.map { $0 == "\u{B5}" || $0 == "\u{3BC}" ? "u" : $0 }.prefix(12))
  }
}
