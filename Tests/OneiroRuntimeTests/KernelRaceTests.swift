import OneiroRuntime
import Testing

@Suite("A race of kernels") struct KernelRaceTests {
  /// What wins of runners with these times, one after the other, and how often any was run.
  private func race(_ times: [[Double]]) -> (winner: Int?, runs: [Int]) {
    var runs = times.map { _ in 0 }
    let next = { (index: Int) -> Double in
      defer { runs[index] += 1 }
      return times[index][min(runs[index], times[index].count - 1)]
    }
    let result = KernelRace.winner(of: Array(times.indices)) { index, toBeat -> (Int, Double)? in
      times[index].isEmpty ? nil : (index, next(index))
    } again: {
      next($0)
    }
    return (result?.runner, runs)
  }

  @Test("What is far off is run once")
  func far() {
    let (winner, runs) = race([[0.001], [0.002], [0.0005]])
    #expect(winner == 2)
    #expect(runs == [1, 1, 1])
  }

  @Test("A disturbed run of one that is near is made good")
  func disturbed() {
    let (winner, runs) = race([[0.001], [0.00105, 0.0009]])
    #expect(winner == 1)
    #expect(runs[0] > 1 && runs[0] == runs[1])
  }

  @Test("The first of equal ones stays")
  func equal() {
    #expect(race([[0.001], [0.000995]]).winner == 0)
    #expect(race([[0.001], [0.00098]]).winner == 1)
  }

  @Test("Very long runs are not repeated, and more is asked of the second one")
  func long() {
    let (winner, runs) = race([[1], [0.98]])
    #expect(winner == 0)
    #expect(runs == [1, 1])
    #expect(race([[1], [0.96]]).winner == 1)
  }

  @Test("What does not run cannot win")
  func failing() {
    #expect(race([[], [0.1], [.infinity]]).winner == 1)
    #expect(race([[], [.infinity]]).winner == nil)
    #expect(race([]).winner == nil)
    #expect(race([[0.001], [0.00095, .infinity]]).winner == 0)
  }
}
