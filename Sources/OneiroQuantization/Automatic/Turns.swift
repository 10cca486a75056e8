import OneiroRuntime

/// Runs several things in turns, and takes the time of each.
///
/// As in a `KernelRace`, what is far off is run alone and let go of, so that it does not stay in memory.
public enum Turns {
  /// What takes longer than the fastest by more than this factor is far off.
  private static let nearness = 1.25
  /// What takes fewer seconds runs several times in a turn, of which the shortest time counts: at least so often, and
  /// for so long.
  private static let short = (seconds: 0.05, runs: 3, turn: 0.001)

  /// How often each gets its turn where one takes so long.
  private static func count(_ seconds: Double) -> Int { seconds < 0.05 ? 9 : seconds < 0.5 ? 5 : 3 }

  /// - make: makes an entrant ready.
  /// - run: runs it once, and tells how many seconds that takes.
  public static func times<Entrant, Runner>(
    of entrants: [Entrant], make: (Entrant) throws(RunError) -> Runner, run: (Runner) throws(RunError) -> Double
  ) throws(RunError) -> [TurnTimes] {
    func seconds(_ runner: Runner) throws(RunError) -> Double {
      // For what is short it matters that another one has been in the caches.
      let first = try run(runner)
      guard first < short.seconds else { return first }
      var best = Double.infinity, spent = 0.0, runs = 0
      while runs < short.runs || spent < short.turn {
        let next = try run(runner)
        best = min(best, next)
        spent += max(next, short.turn / 100)
        runs += 1
      }
      return best
    }
    var found: [[Double]] = [], near: [(index: Int, runner: Runner)] = []
    for (index, entrant) in entrants.enumerated() {
      let runner = try make(entrant)
      // Of the first run, which warms up, and two more: one of them may be disturbed.
      _ = try run(runner)
      let first = try seconds(runner)
      found.append([min(first, try seconds(runner))])
      near.append((index, runner))
      let best = found.map { $0[0] }.min()!
      near.removeAll { found[$0.index][0] > best * nearness }
    }
    guard near.count > 1 || entrants.count == 1 else { return found.map(TurnTimes.init) }
    for _ in 1..<count(near.map { found[$0.index][0] }.max()!) {
      for (index, runner) in near { found[index].append(try seconds(runner)) }
    }
    return found.map(TurnTimes.init)
  }
}
