import Foundation
import OneiroRuntime

/// What `oneiro conformance` prints.
struct ConformanceReport {
  private(set) var passed = 0, failed = 0, skipped = 0
  private var cases: [[String: Any]] = []
  var count: Int { passed + failed + skipped }

  mutating func add(_ result: ConformanceRun.Result) {
    var entry: [String: Any] = ["name": result.name, "folder": result.folder, "sources": result.sources]
    switch result.outcome {
    case .passed:
      passed += 1
      entry["outcome"] = "passed"
    case .failed(let failure):
      failed += 1
      entry["outcome"] = "failed"
      entry["reason"] = "\(failure)"
      if case .differs(let output, let difference) = failure { entry["difference"] = Self.json(output, difference) }
    case .skipped(let reason):
      skipped += 1
      entry["outcome"] = "skipped"
      entry["reason"] = reason
    }
    cases.append(entry)
  }

  var closingLine: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

  /// The line of one case; `nil` for one that passed, unless `verbose`.
  static func line(_ result: ConformanceRun.Result, verbose: Bool) -> String? {
    switch result.outcome {
    case .passed: verbose ? "passed  \(result.name)  [\(result.sources.joined(separator: ","))]" : nil
    case .failed(let failure): "failed  \(result.name): \(failure)"
    case .skipped(let reason): "skipped \(result.name): \(reason)"
    }
  }

  func json(backend: String) throws -> String {
    let object: [String: Any] = [
      "backend": backend, "passed": passed, "failed": failed, "skipped": skipped, "cases": cases,
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
  }

  private static func json(_ output: String, _ difference: ValueDifference) -> [String: Any] {
    var entry: [String: Any] = ["output": output, "expected": difference.expected, "found": difference.found]
    if !difference.path.isEmpty { entry["path"] = difference.path }
    if let index = difference.index { entry["index"] = index }
    if let tolerance = difference.tolerance { entry["tolerance"] = tolerance }
    return entry
  }
}
