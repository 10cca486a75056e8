import Foundation
import OneiroRuntime
import Synchronization

/// Progress of one piece of work on standard error: a bar on a terminal, now and then a line elsewhere. Each piece of work
/// has a bar of its own, as it has a pace of its own.
final class ProgressBar: Sendable {
  private let isQuiet: Bool
  /// What is counted: "step", "picture"; `nil` for bytes.
  private let unit: String?
  private let start = ContinuousClock.now
  /// When there was last a line in the log, of any bar; none at the start of the process, for the first to count from.
  private static let lastLine = Mutex<Double>(0)
  private let state = Mutex(State())

  private struct State {
    var logPace = LogPace()
    var lastDrawing: ContinuousClock.Instant?
    var pace = WorkPace()
  }

  /// - isQuiet: shows nothing.
  /// - unit: what is counted; `nil` for bytes.
  init(isQuiet: Bool = false, counting unit: String? = "step") {
    self.isQuiet = isQuiet
    self.unit = unit
  }

  /// - share: of all that there is to do, where that is more than `total`.
  func update(label: String, done: Int, total: Int, share: Double? = nil) {
    guard !isQuiet, total > 0 else { return }
    let seconds = (ContinuousClock.now - start).seconds
    state.withLock { state in
      let share = share ?? Double(done) / Double(total)
      let left = state.pace.secondsLeft(share: share, at: seconds)
      let time = Self.time(seconds, left: left)
      if StandardError.isTerminal {
        // More often than this nobody can see.
        let now = ContinuousClock.now
        if done < total, let last = state.lastDrawing, now - last < .milliseconds(50) { return }
        state.lastDrawing = now
        let width = 30, filled = done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return StandardError.draw("\(label) [\(bar)] \(amount(done, total)), \(time)", of: self)
      }
      let age = ProcessAge.seconds
      Self.lastLine.withLock { lastLine in
        guard state.logPace.isDue(share: share, at: seconds, sinceLastLine: age - lastLine) else { return }
        lastLine = age
        StandardError.print("\(label): \(amount(done, total)), \(time)")
      }
    }
  }

  /// "step 3 of 50", "1.2 of 5.6 GB".
  private func amount(_ done: Int, _ total: Int) -> String {
    unit.map { "\($0) \(done) of \(total)" } ?? "\(ByteCount(done)) of \(ByteCount(total))"
  }

  /// "12.5 s, 3 min left".
  private static func time(_ seconds: Double, left: Double?) -> String {
    let spent = String(format: "%.1f s", seconds)
    return left.map { "\(spent), \(duration($0)) left" } ?? spent
  }

  /// "40 s", "3 min", "2.5 h".
  static func duration(_ seconds: Double) -> String {
    if seconds < 100 { return String(format: "%.0f s", seconds) }
    return seconds < 6000 ? String(format: "%.0f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
  }

  /// Says what is going on before there is anything to count.
  func note(_ text: String) {
    guard !isQuiet, StandardError.isTerminal else { return }
    StandardError.draw("\(text) ...", of: self)
  }

  /// Wipes the bar, so that a line of standard output can stand there; the next update draws it anew.
  func clear() {
    state.withLock { $0.lastDrawing = nil }
    StandardError.wipe(self)
  }

  /// Ends the bar's line.
  func finish() { StandardError.finish(self) }
}
