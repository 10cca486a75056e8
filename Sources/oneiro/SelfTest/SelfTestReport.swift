import Foundation
import OneiroConformance
import OneiroGraph
import OneiroRuntime

/// What `oneiro selftest` prints.
struct SelfTestReport {
  var results: [SelfTestResult] = []
  /// Plugins that cannot be loaded, with the reason.
  var unusable: [String] = []
  private let start = ContinuousClock.now

  private var passed: Int { results.reduce(0) { $0 + $1.passed } }
  private var failed: Int { results.reduce(0) { $0 + $1.failures.count } }
  private var gaps: Int { results.reduce(0) { $0 + $1.gaps.count } }
  private var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
  var hasFailed: Bool { failed > 0 || !unusable.isEmpty || results.contains { $0.end != nil } }

  /// A table, then each failure, and a line that counts.
  var text: String {
    var table = TextTable([
      .left("plugin"), .left("level"), .right("kernels"), .right("passed"), .right("failed"), .right("known gaps"),
      .left("worst error, of the largest element"),
    ])
    for result in results {
      table.add([
        result.level.plugin, result.level.name,
        "\(result.reachedKernels.count)/\(result.reachedKernels.count + result.missedKernels.count)",
        "\(result.passed)", "\(result.failures.count)", "\(result.gaps.count)", Self.worst(result),
      ])
    }
    let head = results.isEmpty ? [] : table.lines + [""]
    return (head + remarks + [summary]).joined(separator: "\n")
  }

  /// What somebody has to look at, with an empty line behind it.
  private var remarks: [String] {
    var lines = unusable.map { "not usable: \($0)" }
    for result in results {
      let place = "\(result.level)"
      lines += Self.failures(result).map { "failed: \(place), \($0)" }
      if let end = result.end { lines.append("stopped: \(place): \(end)") }
      if !result.missedKernels.isEmpty {
        lines.append("no case ran on: \(place), \(result.missedKernels.joined(separator: "; "))")
      }
    }
    return lines.isEmpty ? [] : lines + [""]
  }

  /// The first few of each operator: a kernel that is wrong at all is wrong in most of its cases.
  private static func failures(_ result: SelfTestResult) -> [String] {
    let shown = 3
    let operators = Dictionary(grouping: result.failures) { "\($0.case.op)" }.sorted { $0.key < $1.key }
    return operators.flatMap { op, failures in
      failures.prefix(shown).map { "\($0.case) (\($0.case.operands)): \($0.failure)" }
        + (failures.count > shown ? ["\(op): \(failures.count - shown) more, which --json lists"] : [])
    }
  }

  private var summary: String {
    let plugins = Set(results.map(\.level.path)).count
    return "\(hasFailed ? "FAILED" : "passed"): \(counted(plugins, "plugin")), "
      + "\(counted(results.count, "level")), \(passed) passed, \(failed) failed, "
      + "\(counted(gaps, "known gap")), \(String(format: "%.0f", seconds)) s"
  }

  /// "8.1e-06 of 1e-05, LSTM": what was found of what is allowed. `--json` names the case.
  private static func worst(_ result: SelfTestResult) -> String {
    guard let (test, error) = result.worst else { return "0" }
    return String(format: "%.1e of %g, ", error, test.tolerance) + "\(test.op)"
  }

  var json: String {
    get throws {
      let object: [String: Any] = [
        "levels": results.map(Self.entry), "unusable": unusable, "passed": passed, "failed": failed,
        "known_gaps": gaps, "seconds": seconds, "ok": !hasFailed,
      ]
      return String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
    }
  }

  private static func entry(_ result: SelfTestResult) -> [String: Any] {
    let level = result.level
    var entry: [String: Any] = [
      "plugin": level.plugin, "path": level.path, "level": level.name, "remarks": level.remarks,
      "environment": level.environment, "kernels": result.reachedKernels, "kernels_without_case": result.missedKernels,
      "passed": result.passed, "failed": result.failures.count, "seconds": result.seconds,
      "known_gaps": result.gaps.map { ["op": $0.op, "case": $0.name, "reason": $0.reason] },
      "failures": result.failures.map { failure(of: $0.case, $0.failure) },
    ]
    if let (test, error) = result.worst {
      entry["worst"] = ["op": "\(test.op)", "case": test.name, "error": error, "tolerance": test.tolerance]
    }
    if let end = result.end { entry["end"] = end }
    return entry
  }

  private static func failure(of test: Case, _ failure: CaseFailure) -> [String: Any] {
    var entry: [String: Any] = [
      "op": "\(test.op)", "case": test.name, "operands": test.operands, "reason": failure.reason,
    ]
    if let threads = failure.threads { entry["threads"] = threads }
    if let difference = failure.difference {
      entry["expected"] = difference.expected
      entry["found"] = difference.found
      if let output = difference.output { entry["output"] = output }
      if let index = difference.index { entry["index"] = index }
      if let allowed = difference.allowed { entry["allowed"] = allowed }
    }
    return entry
  }
}
