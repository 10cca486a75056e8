/// One step of a plan, or of a plan inside one of its steps, with what was measured of it.
public struct ProfiledStep: Sendable {
  public let step: ExecutionPlan.Step
  /// The step's index in its plan, behind those of the steps around it: "3.17" is step 17 of the plan inside step 3.
  public let index: String
  /// How often it ran in one run of the outermost plan.
  public let calls: Int
  /// Its time in one run of the outermost plan, over all calls: the mean of the measured runs. Where there is a plan
  /// inside the step, that plan's steps are not in it.
  public let nanoseconds: Double
  /// Of all calls together.
  public let count: OperationCount
  /// Bytes of the arena in use while it runs.
  public let liveByteCount: Int

  /// - times: of one or more runs of `plan`.
  /// - Returns: all steps in the order they run; those of a plan inside a step behind that step.
  public static func list(_ plan: ExecutionPlan, _ times: StepTimes) -> [ProfiledStep] {
    list(plan, times, runs: max(times.runs, 1), prefix: "", around: 0)
  }

  /// - runs: of the outermost plan.
  /// - around: bytes that are in use outside of this plan's part of the arena.
  private static func list(
    _ plan: ExecutionPlan, _ times: StepTimes, runs: Int, prefix: String, around: Int
  ) -> [ProfiledStep] {
    let live = plan.liveByteCounts
    return plan.steps.indices.flatMap { index -> [ProfiledStep] in
      let step = plan.steps[index], name = "\(prefix)\(index)"
      let nanoseconds = index < times.nanoseconds.count ? times.nanoseconds[index] : 0
      var inner: [ProfiledStep] = []
      var own = Double(nanoseconds) / Double(runs)
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan, let bodyTimes = times.bodies[index] {
        let outside = around + live[index] - step.kernel.workspaceByteCount
        inner = list(body, bodyTimes, runs: runs, prefix: name + ".", around: outside)
        own = max(own - inner.reduce(0) { $0 + $1.nanoseconds }, 0)
      }
      let calls = index < times.calls.count ? times.calls[index] / runs : 0
      return [
        ProfiledStep(
          step: step, index: name, calls: calls, nanoseconds: own,
          count: inner.isEmpty ? OperationCount(step) * calls : OperationCount(), liveByteCount: around + live[index])
      ] + inner
    }
  }
}

extension ExecutionPlan {
  /// For each step the bytes of the arena in use while it runs: those of the values that are alive, and its workspace.
  public var liveByteCounts: [Int] {
    // Changes at the steps where a value's life begins and behind where it ends.
    var changes = [Int](repeating: 0, count: steps.count + 1)
    for value in values where !steps.isEmpty && value.live.lowerBound < steps.count {
      // In the step where it takes another's place, that one still counts.
      let start = max(value.live.lowerBound, 0) + (value.over == nil ? 0 : 1)
      changes[min(start, steps.count)] += value.byteCount
      changes[min(value.live.upperBound + 1, steps.count)] -= value.byteCount
    }
    var sum = 0
    return steps.indices.map { index in
      sum += changes[index]
      return sum + steps[index].kernel.workspaceByteCount
    }
  }
}
