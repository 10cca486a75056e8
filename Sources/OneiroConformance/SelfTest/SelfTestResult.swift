import OneiroGraph

/// What came of all cases on one plugin at one level.
package struct SelfTestResult: Sendable {
  package let level: InstructionSetLevel
  package private(set) var passed = 0
  package private(set) var failures: [(case: Case, failure: CaseFailure)] = []
  package private(set) var gaps: [KnownGap] = []
  /// Of those that passed, the case that used most of what it is allowed.
  package private(set) var worst: (case: Case, error: Double)?
  package var seconds = 0.0
  /// Why it ended before the last case.
  package var end: String?
  private var reached: Set<String> = []

  init(_ level: InstructionSetLevel) { self.level = level }

  mutating func add(_ result: CaseResult, _ test: Case) {
    reached.formUnion(result.kernels)
    switch result.outcome {
    case .notTaken: break
    case .knownGap: KnownGap.find(test, on: level.plugin).map { gaps.append($0) }
    case .failed: failures.append((test, result.failure ?? CaseFailure(reason: "no reason was given")))
    case .passed:
      passed += 1
      let isWorse = worst.map { result.error / test.tolerance > $0.error / $0.case.tolerance } ?? true
      if test.tolerance > 0, result.error > 0, isWorse { worst = (test, result.error) }
    }
  }

  /// Kernels that at least one case ran on.
  package var reachedKernels: [String] { kernels.filter(reached.contains) }
  /// Kernels that no case ran on.
  package var missedKernels: [String] { kernels.filter { !reached.contains($0) } }

  private var kernels: [String] {
    level.kernels.filter { kernel in !Conformance.views.contains(String(kernel.prefix { $0 != " " })) }
  }
}
