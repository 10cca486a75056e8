import Foundation
import OneiroRuntime
import Synchronization

/// Progress on standard error: a bar on a terminal, a line every tenth of the way elsewhere.
final class ProgressBar: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  /// What is counted.
  private let unit: String
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  private struct State {
    var label = ""
    var lastTenth = -1
    var isOpen = false
  }

  /// - isQuiet: shows nothing.
  init(isQuiet: Bool = false, unit: String = "step") {
    self.isQuiet = isQuiet
    self.unit = unit
  }

  func update(label: String, done: Int, total: Int) {
    guard !isQuiet, total > 0 else { return }
    let seconds = (ContinuousClock.now - start).seconds
    let text: String? = state.withLock { state in
      if isTerminal {
        state.isOpen = true
        let width = 30, filled = done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "\r\(label) [\(bar)] \(unit) \(done) of \(total), \(String(format: "%.1f", seconds)) s\u{1B}[K"
      }
      if state.label != label { (state.label, state.lastTenth) = (label, -1) }
      guard done * 10 / total > state.lastTenth else { return nil }
      state.lastTenth = done * 10 / total
      return "\(label): \(unit) \(done) of \(total), \(String(format: "%.1f", seconds)) s\n"
    }
    if let text { FileHandle.standardError.write(Data(text.utf8)) }
  }

  /// Ends the bar's line.
  func finish() {
    let isOpen = state.withLock { state in
      defer { state.isOpen = false }
      return state.isOpen
    }
    if isOpen { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}
