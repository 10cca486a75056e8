import OneiroGraph
import OneiroRuntime

/// Runs cases on one plugin's kernels, and on the reference's to judge them.
package struct CaseTrial {
  private let backend: Backend
  private let reference: Backend
  private let source: String
  /// One, and a number that splits few extents evenly, so that pieces of unequal size are tested.
  private static let threads = [1, 3]

  /// - plugin: a path.
  package init(plugin: String) throws(RunError) {
    backend = try Backend(plugin, isStrict: true)
    reference = try .reference
    source = backend.chain[0].name
  }

  package func run(_ test: Case, index: Int) -> CaseResult {
    var result = CaseResult(index: index, outcome: .notTaken)
    do throws(RunError) {
      guard try test.isTaken(by: backend) else { return result }
      result.outcome = .passed
      let expected = try test.run(reference, threads: 1)
      for threads in Self.threads where result.failure == nil {
        try compare(test, threads: threads, expected: expected, &result)
      }
    } catch {
      result.failure = CaseFailure(reason: "\(error)")
    }
    guard result.failure != nil else { return result }
    // A gap on this CPU need not be one on that: it may close, and is no failure.
    result.outcome = KnownGap.find(test, on: source) == nil ? .failed : .knownGap
    return result
  }

  private func compare(
    _ test: Case, threads: Int, expected: [String: Tensor], _ result: inout CaseResult
  ) throws(RunError) {
    let plan = try test.plan(backend, threads: threads)
    for step in plan.steps {
      let kernel = "\(step.node.op) \(step.kernel.isa)"
      if !result.kernels.contains(kernel) { result.kernels.append(kernel) }
    }
    var session = try Session(plan)
    let comparison = Agreement(tolerance: test.tolerance).compare(
      expected: expected, found: try session.run(test.inputs))
    result.error = max(result.error, comparison.error)
    result.failure = comparison.difference.map {
      CaseFailure(threads: threads, reason: $0.description, difference: $0)
    }
  }
}
