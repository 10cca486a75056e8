import OneiroGraph

/// The steps of one run as a trace for chrome://tracing and https://ui.perfetto.dev, in the Trace Event Format: a
/// complete event for each step, and a counter of the arena's bytes in use.
///
/// Steps run one after another, so each begins where the one before it ended. Those of a loop's body stand once inside
/// the loop's step, each with the time of all rounds.
public enum ChromeTrace {
  /// - times: of `plan`; of several runs the means are shown.
  public static func document(_ plan: ExecutionPlan, _ times: StepTimes) -> JSONValue {
    var writer = Writer()
    let steps = ProfiledStep.list(plan, times)
    var start = 0.0
    var next = 0
    while next < steps.count { start = writer.add(steps, &next, at: start) }
    writer.addCounter(0, at: start)
    return .object([("traceEvents", .array(writer.events)), ("displayTimeUnit", .string("ms"))])
  }

  private struct Writer {
    var events: [JSONValue] = []

    /// Adds step `next` with the steps inside it, which follow it.
    /// - start: nanoseconds since the run began.
    /// - Returns: when the step ended.
    mutating func add(_ steps: [ProfiledStep], _ next: inout Int, at start: Double) -> Double {
      let profiled = steps[next], place = events.count
      next += 1
      addCounter(profiled.liveByteCount, at: start)
      var end = start
      while next < steps.count, steps[next].index.hasPrefix(profiled.index + ".") { end = add(steps, &next, at: end) }
      end += profiled.nanoseconds
      events.insert(Self.event(profiled, from: start, to: end), at: place)
      return end
    }

    mutating func addCounter(_ byteCount: Int, at nanoseconds: Double) {
      events.append(
        .object([
          ("name", .string("memory")), ("ph", .string("C")), ("ts", .number(nanoseconds / 1000)), ("pid", .int(1)),
          ("args", .object([("bytes", .int(byteCount))])),
        ]))
    }

    private static func event(_ profiled: ProfiledStep, from start: Double, to end: Double) -> JSONValue {
      let step = profiled.step
      let types = { (operands: [ExecutionPlan.Operand?]) -> JSONValue in
        .array(operands.compactMap { $0 }.map { .string("\($0.name): \($0.type)") })
      }
      return .object([
        ("name", .string(step.node.label)),
        ("cat", .string("\(step.node.op)")),
        ("ph", .string("X")),
        // Microseconds.
        ("ts", .number(start / 1000)),
        ("dur", .number((end - start) / 1000)),
        ("pid", .int(1)),
        ("tid", .int(1)),
        (
          "args",
          .object([
            ("op", .string("\(step.node.op)")), ("kernel", .string(step.kernel.source)),
            ("isa", .string(step.kernel.isa)), ("calls", .int(profiled.calls)),
            ("inputs", types(step.inputs)), ("outputs", types(step.outputs)),
          ])
        ),
      ])
    }
  }
}
