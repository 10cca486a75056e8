import Foundation

/// Date and time at which a recording begins, on the clock of the laboratory: files name no time zone.
public struct StartTime: Sendable, Equatable {
  public var year: Int, month: Int, day: Int
  public var hour: Int, minute: Int
  public var second: Double

  /// - Returns: `nil` for what is no date or no time of day.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Double) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), second >= 0, second < 61
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }
}

extension StartTime: CustomStringConvertible {
  /// As ISO 8601 has it: "2026-11-25T09:30:00.25".
  public var description: String {
    let whole = Int(second)
    let fraction =
      second == second.rounded(.down) ? "" : String(String(format: "%.6f", second - Double(whole)).dropFirst())
    let digits = fraction.isEmpty ? "" : String(fraction.reversed().drop { $0 == "0" }.reversed())
    return String(format: "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, whole) + digits
  }
}
