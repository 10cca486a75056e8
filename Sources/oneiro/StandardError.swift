import Glibc
import Synchronization

/// Standard error, which progress bars and lines share: a line that comes while a bar stands there goes above it.
enum StandardError {
  static let isTerminal = isatty(STDERR_FILENO) == 1
  private static let bar = Mutex<Bar?>(nil)
  /// Wipes what stands on the line behind the cursor.
  private static let wiping = "\u{1B}[K"

  /// What stands on the terminal's last line.
  private struct Bar {
    let owner: ObjectIdentifier
    let text: String
  }

  /// - text: without the line break at its end.
  static func print(_ text: String) {
    bar.withLock { bar in write(bar.map { "\r\(wiping)\(text)\n\($0.text)" } ?? "\(text)\n") }
  }

  /// Puts a bar in the place of the one that stands there. For terminals alone.
  static func draw(_ text: String, of owner: ProgressBar) {
    bar.withLock { bar in
      bar = Bar(owner: ObjectIdentifier(owner), text: text)
      write("\r\(text)\(wiping)")
    }
  }

  /// Takes a bar away, where it stands there.
  static func wipe(_ owner: ProgressBar) { close(owner, with: "\r\(wiping)") }

  /// Leaves a bar as it is, where it stands there; what comes next is another line.
  static func finish(_ owner: ProgressBar) { close(owner, with: "\n") }

  /// The same of any bar.
  static func finishBar() { close(nil, with: "\n") }

  private static func close(_ owner: ProgressBar?, with text: String) {
    bar.withLock { bar in
      guard let open = bar, owner.map({ ObjectIdentifier($0) == open.owner }) ?? true else { return }
      bar = nil
      write(text)
    }
  }

  /// Where it cannot be written, as when it is closed, the work goes on without.
  private static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
