import Dispatch
import Synchronization

/// Runs many conformance cases in one process, some at a time.
///
/// A kernel cannot be interrupted. So the thread of a case that takes too long is left to itself, and another one takes
/// its place; it ends with the process.
public struct ConformanceSuite: Sendable {
  private let run: ConformanceRun
  private let workers: Int
  private let timeLimit: Duration
  /// What a process's first thread has by default, several times over: bodies inside bodies are planned by recursion.
  private static let stackByteCount = 64 << 20

  /// - workers: how many cases run at once.
  /// - timeLimit: what a case may take from its file to its verdict, in time that passes.
  public init(_ run: ConformanceRun, workers: Int, timeLimit: Duration) {
    self.run = run
    self.workers = max(1, workers)
    self.timeLimit = timeLimit
  }

  /// - report: is given every result in the order of the cases, on the calling thread, as soon as it and all before it
  ///   are known.
  /// - Returns: how many threads are still at work on cases that took too long.
  public func run(_ cases: [ConformanceCase], report: (ConformanceRun.Result) -> Void) -> Int {
    let board = Board(cases, timeLimit)
    let hasEnded = DispatchSemaphore(value: 0)
    let work = { @Sendable in
      while let index = board.take() {
        guard board.finish(index, run.run(cases[index])) else { return }
        hasEnded.signal()
      }
    }
    for _ in 0..<min(workers, cases.count) { start(work) }
    var reported = 0, abandoned = 0
    while reported < cases.count {
      let late = board.giveUp()
      abandoned += late
      for _ in 0..<late { start(work) }
      while reported < cases.count, let result = board.result(reported) {
        report(result)
        reported += 1
      }
      if reported < cases.count { _ = hasEnded.wait(timeout: .now() + .milliseconds(10)) }
    }
    return abandoned
  }

  /// On a thread of its own, or here where the system gives no more of those.
  private func start(_ work: @escaping @Sendable () -> Void) {
    if !DetachedThread.start(stackByteCount: Self.stackByteCount, work) { work() }
  }

  /// Who does what: the one place that all threads look at.
  private final class Board: Sendable {
    private struct State {
      var next = 0
      var starts: [Int: ContinuousClock.Instant] = [:]
      var results: [ConformanceRun.Result?]
    }
    private let state: Mutex<State>
    private let cases: [ConformanceCase]
    private let timeLimit: Duration

    init(_ cases: [ConformanceCase], _ timeLimit: Duration) {
      state = Mutex(State(results: Array(repeating: nil, count: cases.count)))
      self.cases = cases
      self.timeLimit = timeLimit
    }

    /// The next case that nobody has begun.
    func take() -> Int? {
      state.withLock { state in
        guard state.next < state.results.count else { return nil }
        defer { state.next += 1 }
        state.starts[state.next] = .now
        return state.next
      }
    }

    /// Returns: whether somebody still waits for the result; if not, the thread has been replaced.
    func finish(_ index: Int, _ result: ConformanceRun.Result) -> Bool {
      state.withLock { state in
        guard let start = state.starts.removeValue(forKey: index) else { return false }
        state.results[index] = isLate(start) ? lateResult(index) : result
        return true
      }
    }

    /// Returns: how many cases have been given a result because they had run for too long.
    func giveUp() -> Int {
      state.withLock { state in
        let late = state.starts.filter { isLate($0.value) }.keys
        for index in late {
          state.starts[index] = nil
          state.results[index] = lateResult(index)
        }
        return late.count
      }
    }

    private func isLate(_ start: ContinuousClock.Instant) -> Bool { .now - start > timeLimit }

    private func lateResult(_ index: Int) -> ConformanceRun.Result {
      ConformanceRun.Result(
        name: cases[index].name, folder: cases[index].folder, outcome: .failed(.timeLimit(timeLimit)), sources: [])
    }

    func result(_ index: Int) -> ConformanceRun.Result? { state.withLock { $0.results[index] } }
  }
}
