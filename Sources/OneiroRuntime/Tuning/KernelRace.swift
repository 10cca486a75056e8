/// Which of several is the fastest, by running each, and those near the best again, in turns: other programs may have had
/// their share of one of them.
public enum KernelRace {
  /// Seconds after which a run is long enough to be trusted by itself.
  static let enough = 0.02
  /// What is within this factor of the best is near it.
  private static let nearness = 1.1
  /// The first one that is near stays unless another one is faster by this factor, the second where each ran only once.
  private static let margins = (repeated: 0.99, single: 0.97)

  /// How often those near each other are run again that take so long.
  private static func rounds(_ seconds: Double) -> Int {
    seconds < 0.005 ? 3 : seconds < enough ? 2 : seconds < 0.1 ? 1 : 0
  }

  /// - first: makes a runner and tells how long it takes, infinity where it is far off the time to beat; `nil` when it
  ///   does not run.
  /// - again: how long a run of it takes, infinity where it fails.
  /// - Returns: `nil` when none of them ran.
  public static func winner<Entrant, Runner>(
    of entrants: [Entrant], first: (Entrant, _ toBeat: Double) -> (Runner, Double)?, again: (Runner) -> Double
  ) -> (entrant: Entrant, runner: Runner)? {
    var near: [(entrant: Entrant, runner: Runner, seconds: Double)] = [], best = Double.infinity
    for entrant in entrants {
      guard let (runner, seconds) = first(entrant, best), seconds.isFinite else { continue }
      best = min(best, seconds)
      near.append((entrant, runner, seconds))
      // What is out of the race holds packed weights, and is let go of.
      near.removeAll { $0.seconds > best * nearness }
    }
    let rounds = near.count > 1 ? rounds(best) : 0
    for _ in 0..<rounds {
      for index in near.indices {
        let seconds = again(near[index].runner)
        near[index].seconds = seconds.isFinite ? min(near[index].seconds, seconds) : .infinity
      }
      near.removeAll { !$0.seconds.isFinite }
    }
    guard let first = near.first, let fastest = near.min(by: { $0.seconds < $1.seconds }) else { return nil }
    let margin = rounds > 0 ? margins.repeated : margins.single
    let winner = fastest.seconds < first.seconds * margin ? fastest : first
    return (winner.entrant, winner.runner)
  }
}
