/// When progress of a piece of work is worth a line in a log, where no line can be drawn anew: for the first time as soon
/// as five seconds have passed since whatever line came before, then at each tenth of the way, and each hundredth of work
/// that takes hours; never two lines within five seconds.
public struct LogPace: Sendable {
  /// The share of the work at its last line; `nil` before the first.
  private var last: Double?
  private static let leastSeconds = 5.0, patience = 30.0

  public init() {}

  /// Whether to write a line now.
  /// - share: of the work that is done, 0 ... 1.
  /// - seconds: since the last line of whatever work, or since the program began.
  public mutating func isDue(share: Double, sinceLastLine seconds: Double) -> Bool {
    guard seconds >= Self.leastSeconds else { return false }
    if let last, share >= last {
      let isTenth = (share * 10).rounded(.down) > (last * 10).rounded(.down)
      guard isTenth || (seconds >= Self.patience && share - last >= 0.01) else { return false }
    }
    last = share
    return true
  }
}
