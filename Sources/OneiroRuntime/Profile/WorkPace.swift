/// How long work is going to take, by its own pace: that since the first look at it. What came before, such as
/// planning, is no part of it.
public struct WorkPace: Sendable {
  private var first: (seconds: Double, share: Double)?
  /// Less of the work than this, or less time, says nothing of the rest: what is left is then never more than a hundred
  /// times what was seen.
  private static let leastShare = 0.01, leastSeconds = 1.0

  public init() {}

  /// Seconds that are left; `nil` while there is too little to tell by.
  /// - share: of the work that is done, 0 ... 1.
  /// - seconds: on a clock that is the same for every look.
  public mutating func secondsLeft(share: Double, at seconds: Double) -> Double? {
    guard let first else {
      first = (seconds, share)
      return nil
    }
    let done = share - first.share, spent = seconds - first.seconds
    guard share < 1, done >= Self.leastShare, spent >= Self.leastSeconds else { return nil }
    return spent / done * (1 - share)
  }
}
