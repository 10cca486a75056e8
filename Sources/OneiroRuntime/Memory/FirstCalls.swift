import OneiroGraph

/// The first calls of a plan's kernels, made ahead on zeros.
///
/// Libraries take memory of their own when they first compute something, for code that they write then and for buffers of
/// their threads. Afterwards it is there and can be counted.
enum FirstCalls {
  /// Those of larger steps would take time, and come with memory beside which a library's own is little.
  private static let mostOperations = 1e8, mostBytes = Double(8 << 20)

  /// Calls what plugins run of a plan, and of plans inside its steps.
  static func make(of plan: ExecutionPlan) {
    for step in plan.steps {
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan { make(of: body) }
      guard let node = (step.kernel as? PreparedPluginKernel)?.node ?? (step.kernel as? StreamedKernel)?.node else {
        continue
      }
      let count = OperationCount(step)
      guard count.operations <= mostOperations, count.bytes <= mostBytes else { continue }
      Rehearsal(node, threads: plan.threads, isTimed: false)?.once(step.kernel)
    }
  }
}
