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
  /// Runs before the first that counted.
  let warmup: Int
  var times = RunTimes(milliseconds: [0])
  /// What the process was expected to take at its peak, before the first run.
  var forecastByteCount = 0
  /// The most memory that the process had while it ran the model.
  var peakByteCount = 0
  /// Why there is nothing to hold speeds against, where that was left out.
  var unmeasured: String?
  /// `nil` where shapes depend on data, so that there is no plan made ahead.
  var profile: BenchProfile?

  var json: JSONValue {
    .object([
      ("model", .string(model)),
      ("backend", .string(backend)),
      ("threads", .int(threads)),
      ("warmup", .int(warmup)),
      ("runs_ms", .array(times.milliseconds.map(JSONValue.milliseconds))),
      ("median_ms", .milliseconds(times.median)),
      ("p90_ms", .milliseconds(times.percentile(0.9))),
      ("load_ms", .milliseconds(load)),
      ("arena_bytes", .int(plan.arenaByteCount)),
      ("constant_bytes", .int(plan.constantByteCount)),
      ("forecast_bytes", .int(forecastByteCount)),
      ("peak_bytes", .int(peakByteCount)),
      ("machine", profile?.machineJSON ?? .null),
      ("machine_unmeasured", .optional(unmeasured)),
      ("operators", .array(profile?.operatorsJSON ?? [])),
      ("nodes", .array(profile?.nodesJSON ?? [])),
    ])
  }

  func text(perNode: Bool) -> String {
    var summary = TextTable([.left(), .left()])
    summary.add(["model", model])
    let placement = profile == nil ? "planned in each run" : PlanText.placement(plan)
    summary.add(["backend", "\(backendOrder), \(counted(threads, "thread")): \(placement)"])
    if !assumed.isEmpty { summary.add(["taken as 1", "dimensions \(assumed.joined(separator: ", ")) (see --input)"]) }
    summary.add([
      "run",
      "median \(times.median.fixed(3)) ms, p90 \(times.percentile(0.9).fixed(3)) ms, "
        + "min \(times.minimum.fixed(3)) ms, \(times.milliseconds.count) runs after \(warmup) to warm up",
    ])
    summary.add(["load", "\(load.fixed(3)) ms, of which planning \(planning.fixed(3)) ms"])
    summary.add([
      "memory",
      "arena \(ByteCount(plan.arenaByteCount)), constants \(ByteCount(plan.constantByteCount)), "
        + "process at its peak \(ByteCount(peakByteCount)), \(ByteCount(forecastByteCount)) as forecast",
    ])
    if let peak = profile?.peak {
      summary.add([
        "machine",
        "\((peak.operationsPerSecond / 1e9).fixed(1)) GFLOP/s, \((peak.bytesPerSecond / 1e9).fixed(1)) GB/s, as measured "
          + "on these threads",
      ])
    } else if profile != nil, let unmeasured {
      summary.add(["machine", unmeasured])
    }
    guard let profile else {
      let remark = "no times of nodes: shapes depend on data, so that each run makes plans of its own"
      return (summary.lines + ["", remark]).joined(separator: "\n")
    }
    guard profile.nanoseconds > 0 else { return summary.lines.joined(separator: "\n") }
    var lines = summary.lines + [""] + profile.operatorLines
    if perNode { lines += [""] + profile.nodeLines }
    return lines.joined(separator: "\n")
  }
}

extension JSONValue {
  /// Nanoseconds are as fine as the clock is.
  static func milliseconds(_ value: Double) -> JSONValue { .number((value * 1e6).rounded() / 1e6) }
}

extension Double {
  func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
