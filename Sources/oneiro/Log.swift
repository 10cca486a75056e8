import Foundation
import Logging

/// What the program has to say beside its results, on standard error: warnings, or from the level that ONEIRO_LOG names
/// (trace, debug, info, notice, warning, error).
enum Log {
  static let shared: Logger = {
    let level =
      ProcessInfo.processInfo.environment["ONEIRO_LOG"].flatMap { Logger.Level(rawValue: $0.lowercased()) } ?? .warning
    LoggingSystem.bootstrap { _ in PlainLogHandler(logLevel: level) }
    return Logger(label: "oneiro")
  }()
}
