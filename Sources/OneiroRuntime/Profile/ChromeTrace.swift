import OneiroGraph

/// The steps of one run as a trace for chrome://tracing and https://ui.perfetto.dev (the Trace Event Format's complete
/// events). Steps run one after another, so each begins where the one before it ended.
public enum ChromeTrace {
  /// - nanoseconds: the time of each step of `plan`.
  public static func document(_ plan: ExecutionPlan, nanoseconds: [UInt64]) -> JSONValue {
    var start: UInt64 = 0
    var events: [JSONValue] = []
    for (step, duration) in zip(plan.steps, nanoseconds) {
      let types = { (operands: [ExecutionPlan.Operand?]) -> JSONValue in
        .array(operands.compactMap { $0 }.map { .string("\($0.name): \($0.type)") })
      }
      events.append(
        .object([
          ("name", .string(step.node.label)),
          ("cat", .string("\(step.node.op)")),
          ("ph", .string("X")),
          // Microseconds.
          ("ts", .number(Double(start) / 1000)),
          ("dur", .number(Double(duration) / 1000)),
          ("pid", .int(1)),
          ("tid", .int(1)),
          (
            "args",
            .object([
              ("op", .string("\(step.node.op)")), ("kernel", .string(step.kernel.source)),
              ("isa", .string(step.kernel.isa)),
              ("inputs", types(step.inputs)), ("outputs", types(step.outputs)),
            ])
          ),
        ]))
      start += duration
    }
    return .object([("traceEvents", .array(events)), ("displayTimeUnit", .string("ms"))])
  }
}
