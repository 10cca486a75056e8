import Foundation

/// Every case on every kernel of one plugin at one level, in a process of its own: another one goes on behind the case
/// that brought it down.
package struct SelfTest: Sendable {
  private let program: String
  /// What a case may take, in time that passes.
  private let timeLimit: Duration
  /// A plugin that brings down more processes than this is beyond testing.
  private static let crashLimit = 20

  package static var caseCount: Int { Conformance.allWithLarge.count }

  /// - program: the one that runs this, with the command `workerCommand`.
  package init(program: String, timeLimit: Duration = .seconds(60)) {
    self.program = program
    self.timeLimit = timeLimit
  }

  package static let workerCommand = "selftest-worker"

  /// - progress: is given the number of cases that are done, after each.
  package func run(
    _ level: InstructionSetLevel, progress: (Int) -> Void
  ) throws(ProgramError) -> SelfTestResult {
    var result = SelfTestResult(level), next = 0, crashes = 0
    let cases = Conformance.allWithLarge, start = ContinuousClock.now
    while true {
      var current: Int?, lastWords: String?
      let end = try ChildProgram.run(
        program, [Self.workerCommand, level.path, "--from", "\(next)"], environment: level.environment,
        timeLimit: timeLimit
      ) { line in
        switch WorkerLine(line) {
        case .begun(let index): (current, lastWords) = (index, nil)
        case .ended(let one):
          result.add(one, cases[one.index])
          (current, next) = (nil, one.index + 1)
          progress(next)
        case nil:
          lastWords = line
          return false
        }
        return true
      }
      if end == .exited(0), next == cases.count { break }
      let words = "the process \(end)" + (lastWords.map { ": \($0.prefix(300))" } ?? "")
      guard let current else {
        result.end = "\(words), between two cases: \(cases.count - next) were left out"
        break
      }
      result.add(
        CaseResult(index: current, outcome: .failed, failure: CaseFailure(reason: words)), cases[current])
      next = current + 1
      progress(next)
      crashes += 1
      if crashes > Self.crashLimit {
        result.end = "\(cases.count - next) cases were left out after \(crashes) processes that did not reach their end"
        break
      }
    }
    result.seconds = (ContinuousClock.now - start) / .seconds(1)
    return result
  }
}
