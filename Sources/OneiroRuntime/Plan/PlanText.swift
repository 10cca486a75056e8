import OneiroGraph

/// A plan for people to read: its memory, where its nodes run, and its steps in order.
///
///     plan of "unet": 312 steps on 2 threads, 45 nodes folded, 60 views
///     arena 1.2 MiB (1258291 bytes), 210 constants of 3.4 MiB (3565158 bytes)
///     280 steps on onednn, 32 on vector
///     the first 16 steps run once for a context, 27 more once for a timestep
///
///     step 0: Conv "down.0/conv1" on onednn [x86-64-v4]
///       in   sample               float[1,4,16,16]  arena 0
///       in   down.0.conv1.weight  float[32,4,3,3]   constant 0
///       out  h                    float[1,32,16,16] arena 4096
public enum PlanText {
  /// - depth: levels of plans inside steps that are printed with theirs; `nil` for all.
  /// - verbose: says for each step why earlier sources of the backend did not take it.
  public static func print(_ plan: ExecutionPlan, depth: Int? = nil, verbose: Bool = false) -> String {
    var text = ""
    print(plan, depth: depth, verbose: verbose, indentation: "", to: &text)
    return text
  }

  /// `280 steps on onednn, 32 on vector`
  public static func placement(_ plan: ExecutionPlan) -> String {
    let parts = plan.placement.enumerated().map { index, place in
      "\(index == 0 ? counted(place.count, "step") : "\(place.count)") on \(place.source)"
    }
    return parts.isEmpty ? "no steps: everything was computed while planning" : parts.joined(separator: ", ")
  }

  private static func print(
    _ plan: ExecutionPlan, depth: Int?, verbose: Bool, indentation: String, to text: inout String
  ) {
    func line(_ words: String) { text += words.isEmpty ? "\n" : "\(indentation)\(words)\n" }
    line(
      "plan of \"\(plan.graphName)\": \(counted(plan.steps.count, "step")) on \(counted(plan.threads, "thread")), "
        + "\(counted(plan.foldedNodeCount, "node")) folded, \(counted(plan.viewNodeCount, "view"))")
    let constants = ByteCount(plan.constantByteCount)
    line(
      "arena \(ByteCount(plan.arenaByteCount)) (\(plan.arenaByteCount) bytes), "
        + "\(counted(plan.constants.count, "constant")) of \(constants) (\(plan.constantByteCount) bytes)")
    line(placement(plan))
    if let first = plan.firstSteps.first, let last = plan.firstSteps.last, last > 0 {
      line("the first \(counted(first, "step")) run once for a context, \(last - first) more once for a timestep")
    }
    line("")
    let ports =
      plan.inputs.map { ["input", $0.name, "\($0.type)", $0.location.description] }
      + plan.outputs.map { ["output", $0.name, "\($0.type)", $0.location.description] }
    for row in aligned(ports) { line(row) }
    for (index, step) in plan.steps.enumerated() {
      let isa = step.kernel.isa.isEmpty ? "" : " [\(step.kernel.isa)]"
      line("")
      line("step \(index): \(step.node.op) \"\(step.node.label)\" on \(step.kernel.source)\(isa)")
      let operands =
        step.inputs.map { operand("in", $0) }
        + step.outputs.enumerated().map {
          operand("out", $1, over: $0 == 0 ? step.overwritten?.name : nil)
        }
      for row in aligned(operands) { line("  " + row) }
      if step.kernel.workspaceByteCount > 0 {
        line("  workspace of \(ByteCount(step.kernel.workspaceByteCount)) at arena \(step.workspaceOffset)")
      }
      if verbose { for refusal in step.declined { line("  \(refusal.source) declined: \(refusal.reason)") } }
      guard let body = (step.kernel as? any PlannedBody)?.bodyPlan else { continue }
      if depth.map({ $0 > 0 }) ?? true {
        print(body, depth: depth.map { $0 - 1 }, verbose: verbose, indentation: indentation + "    ", to: &text)
      } else {
        line("  {...}")
      }
    }
  }

  private static func operand(
    _ direction: String, _ operand: ExecutionPlan.Operand?, over overwritten: String? = nil
  ) -> [String] {
    guard let operand else { return [direction, "-", "left out", ""] }
    return [
      direction, operand.name, "\(operand.type)",
      operand.location.description + (overwritten.map { ", over \($0)" } ?? ""),
    ]
  }

  private static func aligned(_ rows: [[String]]) -> [String] {
    var table = TextTable([.left(), .left(), .left(), .left()])
    for row in rows { table.add(row) }
    return table.lines
  }
}

extension ExecutionPlan {
  /// Bytes of all constants, as they are kept.
  public var constantByteCount: Int { constants.reduce(0) { $0 + $1.storedByteCount } }
}

extension ExecutionPlan.Location: CustomStringConvertible {
  public var description: String {
    switch self {
    case .arena(let offset): "arena \(offset)"
    case .constant(let index): "constant \(index)"
    }
  }
}
