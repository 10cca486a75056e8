import OneiroGraph

/// Plans as JSON, for other programs.
public enum PlanJSON {
  /// - depth: levels of plans inside steps that are given; `nil` for all.
  public static func document(_ plan: ExecutionPlan, depth: Int? = nil) -> JSONValue {
    let live = plan.liveByteCounts
    return .object([
      ("graph", .string(plan.graphName)),
      ("threads", .int(plan.threads)),
      ("arena_bytes", .int(plan.arenaByteCount)),
      ("constant_count", .int(plan.constants.count)),
      ("constant_bytes", .int(plan.constantByteCount)),
      ("folded_nodes", .int(plan.foldedNodeCount)),
      ("view_nodes", .int(plan.viewNodeCount)),
      ("placement", .object(plan.placement.map { ($0.source, .int($0.count)) })),
      ("inputs", .array(plan.inputs.map { value($0.name, $0.type, $0.location) })),
      ("outputs", .array(plan.outputs.map { value($0.name, $0.type, $0.location) })),
      ("steps", .array(plan.steps.enumerated().map { step($0, $1, live: live[$0], depth: depth) })),
    ])
  }

  /// - live: bytes of the arena in use while the step runs.
  private static func step(_ index: Int, _ step: ExecutionPlan.Step, live: Int, depth: Int?) -> JSONValue {
    let operand = { (operand: ExecutionPlan.Operand?) -> JSONValue in
      operand.map { value($0.name, $0.type, $0.location) } ?? .null
    }
    var members: [(key: String, value: JSONValue)] = [
      ("index", .int(index)),
      ("name", .string(step.node.label)),
      ("op", .string("\(step.node.op)")),
      ("kernel", .string(step.kernel.source)),
      ("isa", .string(step.kernel.isa)),
      ("inputs", .array(step.inputs.map(operand))),
      ("outputs", .array(step.outputs.map(operand))),
      ("over", .optional(step.overwritten?.name)),
      ("live_bytes", .int(live)),
      ("workspace_bytes", .int(step.kernel.workspaceByteCount)),
      ("workspace_offset", step.kernel.workspaceByteCount > 0 ? .int(step.workspaceOffset) : .null),
      (
        "declined",
        .array(step.declined.map { .object([("source", .string($0.source)), ("reason", .string($0.reason))]) })
      ),
    ]
    if let body = (step.kernel as? any PlannedBody)?.bodyPlan, depth.map({ $0 > 0 }) ?? true {
      members.append(("body", document(body, depth: depth.map { $0 - 1 })))
    }
    return .object(members)
  }

  /// A value with `arena`, an offset in bytes, or `constant`, an index.
  private static func value(_ name: String, _ type: TensorType, _ location: ExecutionPlan.Location) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [("name", .string(name)), ("type", .string("\(type)"))]
    members += type.jsonMembers
    switch location {
    case .arena(let offset): members.append(("arena", .int(offset)))
    case .constant(let index): members.append(("constant", .int(index)))
    }
    return .object(members)
  }
}
