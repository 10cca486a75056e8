import OneiroGraph

/// Plans as pictures, in the DOT language of Graphviz: a box a step, coloured by the backend that runs it.
public enum PlanDOT {
  /// - depth: levels of plans inside steps that are drawn; `nil` for all.
  public static func print(_ plan: ExecutionPlan, depth: Int? = nil) -> String {
    var writer = PlanDOTWriter()
    return writer.picture(plan, depth: depth)
  }
}

private struct PlanDOTWriter {
  private var text = ""
  private var edges = ""
  private var idCount = 0
  /// By backend, in the order they first come up.
  private var colours: [String: String] = [:]
  private static let palette = ["#cfe8cf", "#cfdff5", "#f7e3c0", "#f3cfd6", "#e0d4f3", "#d9d9d9"]

  mutating func picture(_ plan: ExecutionPlan, depth: Int?) -> String {
    text = "digraph \(GraphDOT.quoted(plan.graphName)) {\n"
    text += GraphDOT.settings
    text += "  node [style=filled, fillcolor=white]\n"
    contents(of: plan, depth: depth, indent: "  ")
    return text + edges + "}\n"
  }

  private mutating func newID() -> String {
    idCount += 1
    return "n\(idCount)"
  }

  private mutating func colour(_ source: String) -> String {
    let colour = colours[source] ?? Self.palette[min(colours.count, Self.palette.count - 1)]
    colours[source] = colour
    return colour
  }

  /// A view has another name than the value it shares memory with, so edges follow the memory: the last step that wrote
  /// to a place is the maker of what is read from it.
  @discardableResult
  private mutating func contents(of plan: ExecutionPlan, depth: Int?, indent: String) -> String? {
    var writers: [ExecutionPlan.Location: String] = [:]
    var first: String?
    for input in plan.inputs {
      let id = newID()
      first = first ?? id
      writers[input.location] = id
      text += "\(indent)\(id) [shape=oval, label=\(GraphDOT.quoted("\(input.name)\n\(input.type)"))]\n"
    }
    for (index, step) in plan.steps.enumerated() {
      let id = newID()
      first = first ?? id
      let isa = step.kernel.isa.isEmpty ? "" : " [\(step.kernel.isa)]"
      let made = step.outputs.compactMap { $0.map { "\($0.type)" } }.joined(separator: ", ")
      let label = "\(index): \(step.node.op)\n\(step.node.label)\n\(step.kernel.source)\(isa)\n-> \(made)"
      text += "\(indent)\(id) [label=\(GraphDOT.quoted(label)), fillcolor=\"\(colour(step.kernel.source))\"]\n"
      for operand in step.inputs.compactMap({ $0 }) {
        guard let writer = writers[operand.location] else { continue }
        edges += "  \(writer) -> \(id) [tooltip=\(GraphDOT.quoted("\(operand.name): \(operand.type)"))]\n"
      }
      for operand in step.outputs.compactMap({ $0 }) { writers[operand.location] = id }
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan, depth.map({ $0 > 0 }) ?? true {
        text += "\(indent)subgraph cluster_\(newID()) {\n\(indent)  label=\(GraphDOT.quoted(body.graphName))\n"
        let entry = contents(of: body, depth: depth.map { $0 - 1 }, indent: indent + "  ")
        text += "\(indent)}\n"
        if let entry { edges += "  \(id) -> \(entry) [style=dashed]\n" }
      }
    }
    for output in plan.outputs {
      let id = newID()
      first = first ?? id
      text += "\(indent)\(id) [shape=oval, label=\(GraphDOT.quoted("\(output.name)\n\(output.type)"))]\n"
      if let writer = writers[output.location] { edges += "  \(writer) -> \(id)\n" }
    }
    return first
  }
}
