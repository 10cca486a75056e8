import Foundation
import OneiroGraph
import OneiroRuntime

/// What `bench` found out.
struct BenchReport {
  let model: String
  let backend: String
  let backendOrder: String
  let threads: Int
  /// Names of dimensions that were taken as 1.
  let assumed: [String]
  /// Milliseconds from the file to a plan, and the planning's part of them.
  let load: Double
  let planning: Double
  let plan: ExecutionPlan
  var times = RunTimes(milliseconds: [0])
  /// Mean time of each step; `nil` where shapes depend on data, so that there is no plan made ahead.
  var stepNanoseconds: [UInt64]?

  init(
    model: String, backend: String, backendOrder: String, threads: Int, assumed: [String], load: Double,
    planning: Double,
    plan: ExecutionPlan
  ) {
    self.model = model
    self.backend = backend
    self.backendOrder = backendOrder
    self.threads = threads
    self.assumed = assumed
    self.load = load
    self.planning = planning
    self.plan = plan
  }

  private struct Row {
    let index: Int
    let name: String
    let op: String
    let kernel: String
    let milliseconds: Double
  }

  private var rows: [Row] {
    zip(plan.steps.indices, stepNanoseconds ?? []).map { index, nanoseconds in
      let step = plan.steps[index]
      return Row(
        index: index, name: step.node.label, op: "\(step.node.op)", kernel: step.kernel.source,
        milliseconds: Double(nanoseconds) / 1e6)
    }
  }

  var json: JSONValue {
    // Nanoseconds are as fine as the clock is.
    let milliseconds = { (value: Double) in JSONValue.number((value * 1e6).rounded() / 1e6) }
    return .object([
      ("model", .string(model)),
      ("backend", .string(backend)),
      ("threads", .int(threads)),
      ("runs_ms", .array(times.milliseconds.map(milliseconds))),
      ("median_ms", milliseconds(times.median)),
      ("p90_ms", milliseconds(times.percentile(0.9))),
      ("load_ms", milliseconds(load)),
      ("peak_bytes", .int(ProcessMemory.peakByteCount)),
      (
        "nodes",
        .array(
          rows.map {
            .object([
              ("name", .string($0.name)), ("op", .string($0.op)), ("kernel", .string($0.kernel)),
              ("ms", milliseconds($0.milliseconds)),
            ])
          })
      ),
    ])
  }

  func text(perNode: Bool) -> String {
    var lines: [String] = []
    var summary = TextTable([.left(), .left()])
    summary.add(["model", model])
    let placement = stepNanoseconds == nil ? "planned in each run" : PlanText.placement(plan)
    summary.add(["backend", "\(backendOrder), \(threads) \(threads == 1 ? "thread" : "threads"): \(placement)"])
    if !assumed.isEmpty { summary.add(["taken as 1", "dimensions \(assumed.joined(separator: ", ")) (see --input)"]) }
    summary.add([
      "run",
      "median \(Self.format(times.median)) ms, p90 \(Self.format(times.percentile(0.9))) ms, "
        + "min \(Self.format(times.minimum)) ms, \(times.milliseconds.count) runs",
    ])
    summary.add(["load", "\(Self.format(load)) ms, of which planning \(Self.format(planning)) ms"])
    summary.add([
      "memory",
      "arena \(ByteCount(plan.arenaByteCount)), constants \(ByteCount(plan.constantByteCount)), "
        + "process at its peak \(ByteCount(ProcessMemory.peakByteCount))",
    ])
    lines += summary.lines
    guard stepNanoseconds != nil else {
      return (lines + ["", "no times of nodes: shapes depend on data, so that each run makes plans of its own"]).joined(
        separator: "\n")
    }
    let rows = rows
    let total = rows.reduce(0) { $0 + $1.milliseconds }
    guard total > 0 else { return lines.joined(separator: "\n") }
    let share = { (part: Double) in Self.format(part / total * 100, digits: 1) + " %" }

    var operators = TextTable([.left("operator"), .left("kernel"), .right("nodes"), .right("ms"), .right("share")])
    struct Group: Hashable {
      let op: String
      let kernel: String
    }
    let groups = Dictionary(grouping: rows) { Group(op: $0.op, kernel: $0.kernel) }
      .map { (group: $0, count: $1.count, sum: $1.reduce(0) { $0 + $1.milliseconds }) }
      .sorted { ($1.sum, $0.group.op, $0.group.kernel) < ($0.sum, $1.group.op, $1.group.kernel) }
    for each in groups {
      operators.add([each.group.op, each.group.kernel, "\(each.count)", Self.format(each.sum), share(each.sum)])
    }
    operators.add(["all", "", "\(rows.count)", Self.format(total), share(total)])
    lines += [""] + operators.lines
    if perNode {
      var nodes = TextTable([
        .right("step"), .left("operator"), .left("kernel"), .right("ms"), .right("share"), .left("node"),
      ])
      for row in rows {
        nodes.add([
          "\(row.index)", row.op, row.kernel, Self.format(row.milliseconds), share(row.milliseconds), row.name,
        ])
      }
      lines += [""] + nodes.lines
    }
    return lines.joined(separator: "\n")
  }

  private static func format(_ value: Double, digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }
}
