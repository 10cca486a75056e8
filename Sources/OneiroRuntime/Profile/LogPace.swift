/// When progress of a piece of work is worth a line in a log, where no line can be drawn anew: for the first time when the
/// work has taken five seconds, then at each tenth of the way, and each hundredth of work that takes hours; never two lines
/// within five seconds. Pieces that are done sooner have a line only where the log has been silent for half a minute.
public struct LogPace: Sendable {
  /// The share of the work at its last line; `nil` before the first.
  private var last: Double?
  /// The share at the last look, and when the work began.
  private var seen = 0.0, began = 0.0
  private static let leastSeconds = 5.0, patience = 30.0

  public init() {}

  /// Whether to write a line now.
  /// - share: of the work that is done, 0 ... 1; work whose share falls begins anew.
  /// - seconds: since the work began for the first time.
  /// - sinceLastLine: seconds since the last line of whatever work, or since the program began.
  public mutating func isDue(share: Double, at seconds: Double, sinceLastLine: Double) -> Bool {
    if share < seen { (last, began) = (nil, seconds) }
    seen = share
    guard sinceLastLine >= Self.leastSeconds else { return false }
    if let last {
      let isTenth = (share * 10).rounded(.down) > (last * 10).rounded(.down)
      guard isTenth || (sinceLastLine >= Self.patience && share - last >= 0.01) else { return false }
    } else {
      guard seconds - began >= Self.leastSeconds || sinceLastLine >= Self.patience else { return false }
    }
    last = share
    return true
  }
}
