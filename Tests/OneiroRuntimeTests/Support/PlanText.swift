import OneiroGraph
import OneiroRuntime

/// A plan as text that a person reviews: where each value lies, while which steps it lives, and what runs.
func text(of plan: ExecutionPlan) -> String {
  func place(_ operand: ExecutionPlan.Operand?) -> String {
    guard let operand else { return "-" }
    switch operand.location {
    case .arena(let offset): return "\(operand.name)@\(offset)"
    case .constant(let index): return "\(operand.name)#\(index)"
    }
  }
  var lines = [
    "\(plan.graphName): \(plan.arenaByteCount) bytes, \(plan.foldedNodeCount) folded, \(plan.viewNodeCount) views"
  ]
  for value in plan.values.sorted(by: { ($0.live.lowerBound, $0.name) < ($1.live.lowerBound, $1.name) }) {
    lines.append(
      "  \(value.offset) ..< \(value.offset + value.byteCount): \(value.name) \(value.type), steps \(value.live)"
        + (value.over.map { ", over \($0)" } ?? ""))
  }
  for (index, step) in plan.steps.enumerated() {
    let outputs = step.outputs.map(place).joined(separator: ", "),
      inputs = step.inputs.map(place).joined(separator: ", ")
    lines.append("  \(index): \(outputs) = \(step.node.opType) (\(inputs)) on \(step.kernel.source)")
  }
  return lines.joined(separator: "\n")
}
