import Glibc
import OneiroGraph
import OneiroRuntime

/// What `oneiro diff` says: how many differences of which kind, and then what they are.
struct DiffReport {
  private let lines: [GraphDifference.Line]
  /// Differences that are shown unless all of them are asked for.
  static let shortCount = 30

  init(_ difference: GraphDifference) { lines = difference.lines }

  /// - isWhole: whether to show every difference.
  func text(isWhole: Bool) -> String {
    guard !lines.isEmpty else { return "no difference" }
    let shown = isWhole ? lines : Array(lines.prefix(Self.shortCount))
    var text = [total] + counts.lines + [""] + shown.flatMap(Self.text)
    if shown.count < lines.count { text.append("\(lines.count - shown.count) more, which --verbose shows") }
    return text.joined(separator: "\n")
  }

  /// How many were added, removed and changed.
  private struct Count {
    var added = 0, removed = 0, changed = 0
    var all: Int { added + removed + changed }

    mutating func add(_ change: GraphDifference.Change) {
      switch change {
      case .added: added += 1
      case .removed: removed += 1
      case .changed: changed += 1
      }
    }
  }

  private var total: String {
    var count = Count()
    for line in lines { count.add(line.change) }
    return "\(count.added) added, \(count.removed) removed, \(count.changed) changed"
  }

  /// By operator, nodes first, and of those what is most.
  private var counts: TextTable {
    var counts: [String: Count] = [:]
    for line in lines { counts[Self.group(line), default: Count()].add(line.change) }
    let sorted = counts.sorted { first, second in
      let areNodes = (first.key.hasPrefix("node"), second.key.hasPrefix("node"))
      if areNodes.0 != areNodes.1 { return areNodes.0 }
      return (second.value.all, first.key) < (first.value.all, second.key)
    }
    var table = TextTable([.left(""), .right("added"), .right("removed"), .right("changed")])
    for (group, count) in sorted {
      table.add([group] + [count.added, count.removed, count.changed].map { $0 == 0 ? "-" : "\($0)" })
    }
    return table
  }

  private static func group(_ line: GraphDifference.Line) -> String {
    line.op.map { "\(line.kind) \($0)" } ?? line.kind
  }

  private static func text(_ line: GraphDifference.Line) -> [String] {
    switch line.change {
    case .added: return [painted("+ \(line.kind) \"\(line.name)\": \(line.detail)", .green)]
    case .removed: return [painted("- \(line.kind) \"\(line.name)\": \(line.detail)", .red)]
    case .changed(let was, let new):
      return ["~ \(line.kind) \"\(line.name)\""] + (was.isEmpty ? [] : [painted("    - \(was)", .red)])
        + [painted("    \(was.isEmpty ? "" : "+ ")\(new)", .green)]
    }
  }

  /// Codes of a terminal.
  private enum Color: Int { case red = 31, green = 32 }
  private static let isColored = isatty(STDOUT_FILENO) == 1

  private static func painted(_ line: String, _ color: Color) -> String {
    isColored ? "\u{1B}[\(color.rawValue)m\(line)\u{1B}[0m" : line
  }
}
