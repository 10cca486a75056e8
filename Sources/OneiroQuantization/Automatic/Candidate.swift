import Glibc

/// One of several ways to compute the same, as it was measured.
public struct Candidate: Equatable, Sendable {
  /// Energy by which the outputs move.
  public let noise: Double
  public let byteCount: Int
  public let times: TurnTimes

  public init(noise: Double, byteCount: Int, times: TurnTimes) {
    (self.noise, self.byteCount, self.times) = (noise, byteCount, times)
  }

  /// Less noise first, fewer bytes where noises are within a tenth of a decibel: nobody could say which is better.
  private var rank: (tenths: Double, byteCount: Int) {
    (noise.isNaN ? .infinity : (100 * log10(noise)).rounded(), byteCount)
  }

  /// Which of several are worth their noise, from the one with the least on: each is faster than all before it, beyond
  /// what is chance. Of those that are not told apart by their times the one with less noise stays, and of these the
  /// smaller one.
  public static func worthwhile(_ candidates: [Candidate]) -> [Int] {
    let order = candidates.indices.sorted {
      (candidates[$0].rank.tenths, candidates[$0].rank.byteCount, $0)
        < (candidates[$1].rank.tenths, candidates[$1].rank.byteCount, $1)
    }
    var chosen: [Int] = []
    for index in order {
      let times = candidates[index].times
      if chosen.allSatisfy({ times.isFaster(than: candidates[$0].times) }) { chosen.append(index) }
    }
    return chosen
  }

  /// Which of several whole choices is kept: the last one that is worth its noise of those that leave the outputs so
  /// much, or the one with the least noise of those that are fast enough.
  /// - allowed: of noise.
  /// - Returns: `nil` where none meets the goal.
  public static func best(of candidates: [Candidate], goal: ChoiceGoal, allowed: Double) -> Int? {
    let met = candidates.indices.filter { candidates[$0].meets(goal, allowed: allowed) }
    let worthwhile = worthwhile(met.map { candidates[$0] }).map { met[$0] }
    if case .withinTime = goal { return worthwhile.first }
    return worthwhile.last
  }

  /// - allowed: of noise, where the goal is a ratio.
  func meets(_ goal: ChoiceGoal, allowed: Double) -> Bool {
    switch goal {
    case .fastest, .smallest: noise == 0 || noise <= allowed
    case .withinTime(let milliseconds): times.median <= milliseconds / 1e3
    case .withinSize(let bytes): byteCount <= bytes
    }
  }
}
