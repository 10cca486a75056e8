import Glibc
import OneiroModel
import Synchronization

/// What was measured on this machine: which way to compute is the fastest for a node of some shape. Kept for the
/// process, and in a file from run to run.
///
/// The file is text, a line for each choice: key, tab, value. It may be deleted at any time. Two processes that write
/// it at once lose choices of one of them at worst, because a file is written under another name first; lines that make
/// no sense are skipped, and a value is looked at by whoever asked for it before it is used.
public final class TuningCache: Sendable {
  /// A plugin measures while it prepares a node, wherever that is done, so there is one cache in a process.
  public static let shared = TuningCache()

  private struct State {
    var choices: [String: String] = [:]
    var file: String?
    var isChanged = false
    var secondsSpent = 0.0
  }
  private let state = Mutex(State())
  private static let header = "oneiro tuning 2"
  /// A file that is larger was not written by this program.
  private static let largestFile = 16 << 20

  /// Reads what earlier runs found, and lets `save` write there.
  /// - folder: is made when it is missing.
  public func open(folder: String) {
    let file = "\(folder)/tuning-\(Processor.fingerprint).txt"
    state.withLock { state in
      state.file = file
      state.choices.merge(Self.read(file)) { mine, _ in mine }
    }
  }

  public init() {}

  /// `nil` where nothing is known.
  public func recall(_ key: String) -> String? { state.withLock { $0.choices[Self.line(key)] } }

  public func remember(_ key: String, _ value: String) {
    state.withLock { state in
      state.choices[Self.line(key)] = Self.line(value)
      state.isChanged = true
    }
  }

  /// What this process has measured for so far.
  var secondsSpent: Double { state.withLock { $0.secondsSpent } }
  func spend(_ seconds: Double) { state.withLock { $0.secondsSpent += seconds } }

  /// Writes what is new. A cache that cannot be written is no error: the next run measures again.
  public func save() {
    state.withLock { state in
      guard state.isChanged, let file = state.file else { return }
      state.isChanged = false
      state.choices.merge(Self.read(file)) { mine, _ in mine }
      let lines = state.choices.map { "\($0.key)\t\($0.value)\n" }.sorted()
      let folder = String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex))
      guard CacheFolder.make(folder) else { return }
      try? AtomicFile.write(Array((Self.header + "\n" + lines.joined()).utf8), to: file)
    }
  }

  private static func read(_ path: String) -> [String: String] {
    // Not mapped: somebody may cut the file short meanwhile.
    guard let text = SystemFile.text(path, limit: largestFile) else { return [:] }
    let lines = text.split(separator: "\n")
    guard lines.first == header[...] else { return [:] }
    var choices: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: "\t", maxSplits: 1)
      if parts.count == 2 { choices[String(parts[0])] = String(parts[1]) }
    }
    return choices
  }

  /// One line without the file's own separators.
  private static func line(_ text: String) -> String {
    String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
  }
}
