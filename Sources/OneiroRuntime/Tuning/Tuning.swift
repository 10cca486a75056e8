/// How much a planner may time to find the fastest kernels.
public enum Tuning: String, Sendable, CaseIterable {
  /// Nothing: the order of the backend and what kernels say of themselves decide.
  case off
  /// Kernels that promise about the same time, for a few seconds in all. What was found is remembered.
  case quick
  /// Every kernel that takes a node, however long it takes.
  case full

  /// Seconds that may be spent, as far as one measurement more or less allows.
  var budget: Double {
    switch self {
    case .off: 0
    case .quick: 12
    case .full: .infinity
    }
  }

  /// Kernels are timed that promise to take up to this many times as long as the best of them.
  var reach: Double { self == .full ? .infinity : 1.5 }
}
