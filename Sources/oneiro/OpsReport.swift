import Foundation
import OneiroGraph
import OneiroOps
import OneiroRuntime

/// What `oneiro ops` prints.
enum OpsReport {
  /// A table for each domain, at most 100 columns wide, and a line that counts.
  static func text(_ operators: [OperatorCoverage]) -> String {
    var lines: [String] = []
    for domain in Set(operators.map(\.op.domain)).sorted() {
      let those = operators.filter { $0.op.domain == domain }
      lines.append("\(name(domain)): \(counted(those.count, "operator"))")
      lines += table(those).lines.map { "  " + $0 } + [""]
    }
    return (lines + [summary(operators)]).joined(separator: "\n")
  }

  private static func table(_ operators: [OperatorCoverage]) -> TextTable {
    var table = TextTable([
      .left("operator"), .left("versions"), .left("element types"), .left("kernels of its own"),
    ])
    for coverage in operators {
      // A cell that is too long goes on in the rows below it.
      let cells = [
        [coverage.op.opType],
        wrapped(versions(coverage), separator: "", width: 22),
        wrapped(types(coverage), separator: "", width: 20),
        wrapped(kernels(coverage), separator: "", width: 22),
      ]
      for row in 0..<(cells.map(\.count).max() ?? 0) { table.add(cells.map { row < $0.count ? $0[row] : "" }) }
    }
    return table
  }

  /// `(1 11) 13`
  private static func versions(_ coverage: OperatorCoverage) -> [String] {
    var words = coverage.versions.map { "\($0)" }
    let adapted = coverage.versions.count { $0 < coverage.firstNative }
    if coverage.support != .missing, adapted > 0 {
      words[0] = "(" + words[0]
      words[adapted - 1] += ")"
    }
    return words
  }

  /// Of the type variable that stands for the most types: an operator's data, and not its indices or shapes.
  private static func types(_ coverage: OperatorCoverage) -> [String] {
    switch coverage.support {
    case .missing: return ["-"]
    case .adapted: return ["as what it becomes"]
    case .implemented:
      let widest = coverage.types.sorted { $0.key < $1.key }
        .max { $0.value.members.count < $1.value.members.count }
      return widest?.value.words ?? ["any value"]
    }
  }

  private static func kernels(_ coverage: OperatorCoverage) -> [String] {
    switch coverage.support {
    case .missing: ["not implemented"]
    case .adapted: ["adapted when read"]
    case .implemented: coverage.kernels.isEmpty ? ["reference"] : coverage.kernels.map(\.source)
    }
  }

  /// Two lines: how many kernels each backend has, and how many operators there are.
  private static func summary(_ operators: [OperatorCoverage]) -> String {
    let missing = operators.filter { $0.support == .missing }
    let there = "\(operators.count - missing.count) of \(counted(operators.count, "operator"))"
    let those = missing.isEmpty ? "" : ", not implemented: \(missing.count)"
    let sources = Set(operators.flatMap { $0.kernels.map(\.source) }).sorted().map { source in
      "\(source) \(operators.count { $0.kernels.contains { $0.source == source } })"
    }
    return "kernels of their own: \(sources.isEmpty ? "none" : sources.joined(separator: ", "))\n\(there)\(those)"
  }

  static func json(_ operators: [OperatorCoverage]) throws -> String {
    let rows: [[String: Any]] = operators.map { coverage in
      [
        "name": coverage.op.opType, "domain": name(coverage.op.domain), "support": coverage.support.rawValue,
        "versions": coverage.versions.map { ["since": $0, "adapted": $0 < coverage.firstNative] as [String: Any] },
        "types": coverage.types.mapValues { $0.members.map(\.name) },
        "kernels": Dictionary(uniqueKeysWithValues: coverage.kernels.map { ($0.source, $0.versions) }),
      ]
    }
    let object: [String: Any] = ["standard": StandardOperators.package, "operators": rows]
    return String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
  }

  /// The long spelling of the default domain, as people know it.
  private static func name(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }

}
