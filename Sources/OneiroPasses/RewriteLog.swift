import Synchronization

/// Every patch that was applied, in order. One log serves all graphs of a plan, bodies included, so that a number tells
/// a patch.
public final class RewriteLog: Sendable {
  public struct Entry: Sendable {
    /// From 1 on.
    public let number: Int
    public let rule: String
    /// The first value of the last node that was taken out.
    public let value: String
    /// What the rule found.
    public let reason: String
  }

  private let state = Mutex<[Entry]>([])
  private let limit: Int

  /// - limit: how many patches are let through.
  public init(limit: Int? = nil) { self.limit = limit ?? .max }

  public var entries: [Entry] { state.withLock { $0 } }

  /// How many patches each rule made, most first.
  public var counts: [(rule: String, count: Int)] {
    Dictionary(grouping: entries, by: \.rule).map { ($0.key, $0.value.count) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Writes a patch down. Returns: whether it may be applied.
  func admit(rule: String, value: String, reason: String) -> Bool {
    state.withLock { entries in
      guard entries.count < limit else { return false }
      entries.append(Entry(number: entries.count + 1, rule: rule, value: value, reason: reason))
      return true
    }
  }
}
