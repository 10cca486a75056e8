/// What memory a run of a plan needs, all known before it starts.
public struct PlanMemory: Sendable, Equatable, CustomStringConvertible {
  /// Bytes of constants, as they are kept, those of plans inside steps included.
  public let weights: Int
  /// Bytes of the one block that values and workspace share.
  public let arena: Int
  /// Bytes of values, and of kernels' scratch memory, at the step where most of the arena is in use.
  public let values: Int
  public let workspace: Int

  public init(_ plan: ExecutionPlan) {
    weights = Self.weights(plan)
    arena = plan.arenaByteCount
    (values, workspace) = Self.peak(plan)
  }

  /// `weights 2.5 MiB, arena 1.1 MiB (values 0.9 MiB, workspace 0.2 MiB)`
  public var description: String {
    "weights \(ByteCount(weights)), arena \(ByteCount(arena)) (values \(ByteCount(values)), "
      + "workspace \(ByteCount(workspace)))"
  }

  private static func weights(_ plan: ExecutionPlan) -> Int {
    plan.steps.reduce(plan.constantByteCount) { sum, step in
      sum + ((step.kernel as? any PlannedBody).map { weights($0.bodyPlan) } ?? 0)
    }
  }

  /// The arena of a plan inside a step is that step's workspace: it counts as what is in it.
  private static func peak(_ plan: ExecutionPlan) -> (values: Int, workspace: Int) {
    // Inputs and outputs of a plan without steps have their places too.
    var best = (values: plan.steps.isEmpty ? plan.arenaByteCount : 0, workspace: 0)
    for (step, live) in zip(plan.steps, plan.liveByteCounts) {
      var here = (values: live - step.kernel.workspaceByteCount, workspace: step.kernel.workspaceByteCount)
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan {
        let inner = peak(body)
        here = (here.values + inner.values, inner.workspace)
      }
      if here.values + here.workspace > best.values + best.workspace { best = here }
    }
    return best
  }
}
