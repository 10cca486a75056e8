import OneiroGraph
import OneiroRuntime

/// Where the time of a run went: by step and by operator, and how near each came to what the machine can do.
struct BenchProfile {
  let steps: [ProfiledStep]
  let peak: MachinePeak?

  /// Of all steps together.
  var nanoseconds: Double { steps.reduce(0) { $0 + $1.nanoseconds } }

  /// The steps of one operator that one source runs.
  private struct Group {
    let op: String
    let kernel: String
    var nodes = 0
    var calls = 0
    var nanoseconds = 0.0
    var count = OperationCount()
  }

  /// Those that took the most time first.
  private var groups: [Group] {
    var groups: [[String]: Group] = [:]
    for step in steps {
      let op = "\(step.step.node.op)", kernel = step.step.kernel.source
      var group = groups[[op, kernel]] ?? Group(op: op, kernel: kernel)
      group.nodes += 1
      group.calls += step.calls
      group.nanoseconds += step.nanoseconds
      group.count = group.count + step.count
      groups[[op, kernel]] = group
    }
    return groups.values.sorted { ($1.nanoseconds, $0.op, $0.kernel) < ($0.nanoseconds, $1.op, $1.kernel) }
  }

  private var total: Group {
    steps.reduce(into: Group(op: "all", kernel: "", nodes: steps.count)) { total, step in
      total.calls += step.calls
      total.nanoseconds += step.nanoseconds
      total.count = total.count + step.count
    }
  }

  // MARK: Text

  private static let speedColumns: [TextTable.Column] = [
    .right("ms"), .right("share"), .right("GFLOP/s"), .right("GB/s"), .right("of peak"),
  ]

  private func speedCells(_ nanoseconds: Double, _ count: OperationCount, of total: Double) -> [String] {
    // Operations and bytes in a nanosecond are 10^9 of them in a second.
    let rate = { (amount: Double) in amount > 0 && nanoseconds > 0 ? (amount / nanoseconds).fixed(1) : "-" }
    let limit = peak.flatMap { count.bytes > 0 && nanoseconds > 0 ? $0.share(count, nanoseconds: nanoseconds) : nil }
    return [
      (nanoseconds / 1e6).fixed(3), total > 0 ? (nanoseconds / total * 100).fixed(1) + " %" : "-",
      rate(count.operations), rate(count.bytes), limit.map { ($0 * 100).fixed(0) + " %" } ?? "-",
    ]
  }

  var operatorLines: [String] {
    let total = total, hasLoops = steps.contains { $0.calls > 1 }
    let calls = { (group: Group) in hasLoops ? ["\(group.calls)"] : [] }
    var table = TextTable(
      [.left("operator"), .left("kernel"), .right("nodes")] + (hasLoops ? [.right("calls")] : []) + Self.speedColumns)
    for group in groups + [total] {
      table.add(
        [group.op, group.kernel, "\(group.nodes)"] + calls(group)
          + speedCells(group.nanoseconds, group.count, of: total.nanoseconds))
    }
    return table.lines
  }

  var nodeLines: [String] {
    let total = nanoseconds, hasLoops = steps.contains { $0.calls > 1 }
    var table = TextTable(
      [.right("step"), .left("operator"), .left("kernel")] + (hasLoops ? [.right("calls")] : []) + Self.speedColumns
        + [.right("live"), .left("node")])
    for step in steps {
      table.add(
        [step.index, "\(step.step.node.op)", step.step.kernel.source] + (hasLoops ? ["\(step.calls)"] : [])
          + speedCells(step.nanoseconds, step.count, of: total)
          + ["\(ByteCount(step.liveByteCount))", step.step.node.label])
    }
    return table.lines
  }

  // MARK: JSON

  var machineJSON: JSONValue {
    guard let peak else { return .null }
    return .object([
      ("gflop_per_s", .number((peak.operationsPerSecond / 1e7).rounded() / 100)),
      ("gb_per_s", .number((peak.bytesPerSecond / 1e7).rounded() / 100)),
    ])
  }

  private func speedJSON(_ nanoseconds: Double, _ count: OperationCount) -> [(key: String, value: JSONValue)] {
    let rate = { (amount: Double) -> JSONValue in
      nanoseconds > 0 ? .number((amount / nanoseconds * 1e3).rounded() / 1e3) : .null
    }
    return [
      ("ms", .milliseconds(nanoseconds / 1e6)),
      ("flop", .number(count.operations)), ("bytes", .number(count.bytes)),
      ("gflop_per_s", rate(count.operations)), ("gb_per_s", rate(count.bytes)),
      (
        "peak_share",
        peak.map { .number(($0.share(count, nanoseconds: nanoseconds) * 1e4).rounded() / 1e4) } ?? .null
      ),
    ]
  }

  var operatorsJSON: [JSONValue] {
    groups.map { group in
      .object(
        [
          ("op", .string(group.op)), ("kernel", .string(group.kernel)), ("nodes", .int(group.nodes)),
          ("calls", .int(group.calls)),
        ] + speedJSON(group.nanoseconds, group.count))
    }
  }

  var nodesJSON: [JSONValue] {
    steps.map { step in
      .object(
        [
          ("step", .string(step.index)), ("name", .string(step.step.node.label)),
          ("op", .string("\(step.step.node.op)")),
          ("kernel", .string(step.step.kernel.source)), ("calls", .int(step.calls)),
          ("memory_bytes", .int(step.liveByteCount)),
        ] + speedJSON(step.nanoseconds, step.count))
    }
  }
}
