/// What a filter lets through, in Hz; `nil` for no limit on that side.
public struct FrequencyBand: Sendable, Equatable {
  public let low: Double?, high: Double?

  /// - Returns: `nil` for limits that are not above 0, or not in order, and without any limit.
  public init?(low: Double?, high: Double?) {
    guard low != nil || high != nil, [low, high].allSatisfy({ $0.map { $0 > 0 && $0.isFinite } ?? true }) else {
      return nil
    }
    if let low, let high, low >= high { return nil }
    self.low = low
    self.high = high
  }
}

extension FrequencyBand: CustomStringConvertible {
  public var description: String { "\(low.map { "\($0)" } ?? ""):\(high.map { "\($0)" } ?? "") Hz" }
}
