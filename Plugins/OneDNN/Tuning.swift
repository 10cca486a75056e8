import COneiroKernel

/// What a node's preparation may measure.
enum Tuning {
  case off, quick, full

  init(_ call: UnsafePointer<oneiro_call>) {
    switch oneiro_tuning(call) {
    case Int32(ONEIRO_TUNING_OFF): self = .off
    case Int32(ONEIRO_TUNING_FULL): self = .full
    default: self = .quick
    }
  }
}

/// The host's memory of what was measured.
enum TuningMemory {
  nonisolated(unsafe) private static var host: UnsafePointer<oneiro_host>?

  /// Called once, before any kernel is prepared; the host's table stays where it is.
  static func use(_ host: UnsafePointer<oneiro_host>) { self.host = host }

  static func recall(_ key: String) -> Int? {
    guard let host else { return nil }
    var value: Int32 = 0
    return oneiro_recall(host, key, &value) == ONEIRO_OK ? Int(value) : nil
  }

  static func remember(_ key: String, _ value: Int) {
    if let host { oneiro_remember(host, key, Int32(value)) }
  }
}
