import Foundation
import OneiroGraph
import OneiroPasses
import OneiroRuntime

/// What `oneiro compare` says.
struct CompareReport {
  private let comparison: RunComparison
  private let tolerance: Double
  private let patches: [RewriteLog.Entry]
  private let culprit: RewriteLog.Entry?
  private let searched: Bool
  private let first: RunComparison.Row?

  /// Whether a value is beyond the tolerance, or one was not compared at all.
  var hasFailed: Bool { first != nil || comparison.firstNotCompared != nil }

  /// - patches: those that were applied.
  /// - searched: whether the patch to blame was looked for; `nil` for it when it is none of them.
  init(
    _ comparison: RunComparison, tolerance: Double, patches: [RewriteLog.Entry], culprit: RewriteLog.Entry?,
    searched: Bool
  ) {
    self.searched = searched
    self.comparison = comparison
    self.tolerance = tolerance
    self.patches = patches
    self.culprit = culprit
    first = comparison.first(beyond: tolerance)
  }

  /// - worst: how many rows; 0 for all in order.
  func text(worst: Int) -> String {
    var rows = comparison.rows
    if worst > 0 {
      rows = Array(rows.sorted { $0.relativeDifference > $1.relativeDifference }.prefix(worst))
    }
    var table = TextTable([
      .left("value"), .left("operator"), .left("kernel"), .right("largest difference"), .right("relative"),
      .right("SNR, dB"),
    ])
    for row in rows {
      table.add([
        row.value, "\(row.op)", row.kernel, number(row.largestDifference), number(row.relativeDifference),
        row.isNotCompared
          ? "not finite" : row.signalToNoise.isInfinite ? "exact" : String(format: "%.1f", row.signalToNoise),
      ])
    }
    var text = table.lines.map { $0 + "\n" }.joined()
    text += "\n\(counted(comparison.rows.count, "value")) compared after "
    text += "\(counted(patches.count, "patch", plural: "patches")), "
    text += "\(comparison.onlyInReference) only in the reference run"
    let sampled = comparison.rows.count { $0.compared < $0.count }
    if sampled > 0 { text += ", of \(sampled) a sample" }
    text += "\n"
    if let first {
      text +=
        "first beyond \(number(tolerance)): \"\(first.value)\" of \(first.op) \"\(first.node)\" on \(first.kernel),"
      text += " off by \(number(first.relativeDifference)) of its largest element\n"
    } else {
      let largest = comparison.rows.map(\.relativeDifference).max() ?? 0
      text += "none beyond \(number(tolerance)); the largest is \(number(largest)) of a value's largest element\n"
    }
    text += notFinite(\.notANumber, "NaN") + notFinite(\.infinite, "the same infinity")
    if let row = comparison.firstNotCompared {
      let others = comparison.rows.count(where: \.isNotCompared) - 1
      text += "not compared: \"\(row.value)\" of \(row.op) \"\(row.node)\" has no finite element in either run"
      text += others > 0 ? ", nor have \(counted(others, "other value"))\n" : "\n"
    }
    if let hint { text += hint + "\n" }
    if let culprit {
      text += "patch \(culprit.number) makes the difference: \(culprit.rule), \(culprit.reason)\n"
    } else if searched && first != nil {
      text += "without any patch it is beyond as well: a kernel makes the difference, not a pass\n"
    }
    return text
  }

  /// What is computed otherwise by design, where something is beyond the tolerance; `nil` where there is no such thing.
  private var hint: String? {
    let narrow = patches.count { $0.rule == RewriteSettings.narrowAttention }
    guard first != nil, narrow > 0 else { return nil }
    return "\(counted(narrow, "attention")) of quantized products computed in 8 bits, which the reference run does not "
      + "do: --skip \(RewriteSettings.narrowAttention) compares without"
  }

  /// How many elements no comparison says anything of; nothing where there are none.
  private func notFinite(_ amount: KeyPath<RunComparison.Row, Int>, _ what: String) -> String {
    let rows = comparison.rows.filter { $0[keyPath: amount] > 0 }
    guard let first = rows.first else { return "" }
    let elements = counted(rows.reduce(0) { $0 + $1[keyPath: amount] }, "element")
    let values = rows.count == 1 ? "" : ", in \(rows.count) values, first"
    return "\(what) in both runs: \(elements)\(values) in \"\(first.value)\" of \(first.op) \"\(first.node)\"\n"
  }

  func json(_ model: String) -> JSONValue {
    let rows = comparison.rows.map { row in
      JSONValue.object([
        ("value", .string(row.value)), ("node", .string(row.node)), ("op", .string("\(row.op)")),
        ("kernel", .string(row.kernel)), ("reference_kernel", .string(row.referenceKernel)),
        ("compared", .int(Int64(row.compared))), ("count", .int(Int64(row.count))),
        ("largest_difference", finite(row.largestDifference)), ("relative", finite(row.relativeDifference)),
        ("snr_db", finite(row.signalToNoise)), ("nan_in_both", .int(Int64(row.notANumber))),
        ("infinite_in_both", .int(Int64(row.infinite))),
      ])
    }
    var members: [(String, JSONValue)] = [
      ("model", .string(model)), ("tolerance", .number(tolerance)), ("patches", .int(Int64(patches.count))),
      ("only_in_reference", .int(Int64(comparison.onlyInReference))),
      ("first_beyond", first.map { .string($0.value) } ?? .null),
      ("first_not_compared", comparison.firstNotCompared.map { .string($0.value) } ?? .null), ("values", .array(rows)),
    ]
    if let hint { members.append(("hint", .string(hint))) }
    if let culprit {
      members.append(
        (
          "culprit",
          .object([
            ("number", .int(Int64(culprit.number))), ("pass", .string(culprit.rule)),
            ("reason", .string(culprit.reason)),
          ])
        ))
    }
    return .object(members)
  }

  /// JSON has no infinities.
  private func finite(_ number: Double) -> JSONValue { number.isFinite ? .number(number) : .null }

  private func number(_ number: Double) -> String { number == 0 ? "0" : String(format: "%.2g", number) }
}
