/// How long one of several things takes that were run in turns: a time for each turn.
///
/// What disturbs a machine lasts for longer than a turn, so times of one turn are compared with each other.
public struct TurnTimes: Sendable, Equatable {
  /// In the order of the turns. What was let go early has fewer of them.
  public let seconds: [Double]

  /// The share of the other's time by which what is faster is at least.
  private static let margin = 0.03

  /// - seconds: one or more.
  public init(_ seconds: [Double]) {
    precondition(!seconds.isEmpty)
    self.seconds = seconds
  }

  public var median: Double { Self.median(seconds) }

  /// Whether it takes less time than the other in a way that is not chance: the middle one of the differences, turn by
  /// turn, is 3 % of the other's time, and twice what half of the differences are within of it.
  public func isFaster(than other: TurnTimes) -> Bool {
    let gains = zip(other.seconds, seconds).map { $0 - $1 }, gain = Self.median(gains)
    let spread = Self.median(gains.map { abs($0 - gain) })
    return gain > max(Self.margin * Self.median(Array(other.seconds.prefix(gains.count))), 2 * spread)
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
