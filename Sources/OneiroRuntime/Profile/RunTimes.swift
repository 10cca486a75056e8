/// Times of several runs of the same thing, in milliseconds.
public struct RunTimes: Sendable {
  /// In the order of the runs.
  public let milliseconds: [Double]
  private let sorted: [Double]

  public init(milliseconds: [Double]) {
    precondition(!milliseconds.isEmpty)
    self.milliseconds = milliseconds
    sorted = milliseconds.sorted()
  }

  public var minimum: Double { sorted[0] }

  /// The middle one, or the mean of the two in the middle.
  public var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

  /// The smallest time that at least `share` of the runs did not exceed.
  public func percentile(_ share: Double) -> Double {
    sorted[min(max(Int((share * Double(sorted.count)).rounded(.up)) - 1, 0), sorted.count - 1)]
  }
}
