import OneiroQuantization
import Testing

@Suite("What is worth its noise, by times that were made up")
struct CandidateTests {
  private func candidate(_ noise: Double, _ byteCount: Int, _ milliseconds: Double...) -> Candidate {
    Candidate(noise: noise, byteCount: byteCount, times: TurnTimes(milliseconds.map { $0 / 1e3 }))
  }

  @Test("A gain counts from 3 % on, and beyond what the turns are apart")
  func faster() {
    func isFaster(_ first: [Double], _ second: [Double]) -> Bool { TurnTimes(first).isFaster(than: TurnTimes(second)) }
    #expect(isFaster([0.9, 0.9, 0.9], [1, 1, 1]))
    #expect(!isFaster([0.98, 0.98, 0.98], [1, 1, 1]))
    #expect(!isFaster([1, 1, 1], [1, 1, 1]) && !isFaster([1, 1, 1], [0.9, 0.9, 0.9]))
    // 5 % in the middle, but twice as much this way and that.
    #expect(!isFaster([0.85, 0.95, 1.05, 0.9, 1.15], [1, 1, 1, 1, 1]))
    // What slows both down is no gain of either, and hides none.
    #expect(isFaster([0.9, 1.8, 0.9, 2.7, 0.9], [1, 2, 1, 3, 1]))
    #expect(!isFaster([1, 1, 1, 1, 1], [1, 3, 1, 2, 1]))
    // One disturbed turn neither.
    #expect(isFaster([0.9, 0.9, 5, 0.9, 0.9], [1, 1, 1, 1, 1]))
  }

  @Test("What was let go early is compared by the turns that it had")
  func short() {
    #expect(TurnTimes([1, 1, 1]).isFaster(than: TurnTimes([2])))
    #expect(!TurnTimes([2]).isFaster(than: TurnTimes([1, 1, 1])))
  }

  @Test("Floats stay where nothing is faster beyond chance")
  func floats() {
    let floats = candidate(0, 400, 1, 1, 1)
    #expect(Candidate.worthwhile([candidate(5, 50, 0.98, 0.98, 0.98), floats]) == [1])
    #expect(Candidate.worthwhile([candidate(5, 50, 0.7, 1.2, 0.9), floats]) == [1])
    #expect(Candidate.worthwhile([candidate(5, 50, 0.8, 0.8, 0.8), floats]) == [1, 0])
  }

  @Test("Of equal times the one with less noise stays, whichever comes first")
  func noise() {
    let w8a8 = candidate(2, 100, 0.500, 0.505, 0.5), w4 = candidate(8, 60, 0.495, 0.5, 0.495)
    #expect(Candidate.worthwhile([w8a8, w4]) == [0])
    #expect(Candidate.worthwhile([w4, w8a8]) == [1])
    // Faster in earnest.
    #expect(Candidate.worthwhile([candidate(8, 60, 0.4, 0.4, 0.4), w8a8]) == [1, 0])
  }

  @Test("Of equal times and noises the smaller one stays")
  func bytes() {
    let large = candidate(2, 100, 1, 1, 1), small = candidate(2.01, 60, 1, 1, 1)
    #expect(Candidate.worthwhile([large, small]) == [1])
    // A decibel is a difference.
    #expect(Candidate.worthwhile([large, candidate(2.6, 60, 1, 1, 1)]) == [0])
  }

  @Test("Noise that is no number comes last")
  func notANumber() {
    #expect(Candidate.worthwhile([candidate(.nan, 10, 1, 1, 1), candidate(2, 60, 1, 1, 1)]) == [1])
  }

  @Test("A whole choice is kept that meets the ratio and is the fastest beyond chance")
  func wholeByNoise() {
    let goal = ChoiceGoal.fastest(decibels: 30)
    let floats = candidate(0, 400, 10, 10, 10), w8a8 = candidate(3, 100, 6, 6, 6)
    let mixed = candidate(4, 120, 5.9, 5.9, 5.9)
    func best(_ candidates: Candidate..., allowed: Double) -> Int? {
      Candidate.best(of: candidates, goal: goal, allowed: allowed)
    }
    #expect(best(floats, w8a8, mixed, allowed: 5) == 1)
    #expect(best(floats, w8a8, candidate(4, 120, 5, 5, 5), allowed: 5) == 2)
    // What misses the ratio is out, however fast it is.
    #expect(best(floats, w8a8, mixed, allowed: 2) == 0)
    #expect(best(floats, candidate(3, 100, 9.9, 9.9, 9.9), allowed: 5) == 0)
  }

  @Test("A whole choice is kept that is fast enough with the least noise")
  func wholeByTime() {
    let floats = candidate(0, 400, 10, 10, 10), w8a8 = candidate(3, 100, 6, 6, 6), mixed = candidate(1, 120, 8, 8, 8)
    func best(_ milliseconds: Double) -> Int? {
      Candidate.best(of: [floats, w8a8, mixed], goal: .withinTime(milliseconds: milliseconds), allowed: .infinity)
    }
    #expect(best(11) == 0)
    #expect(best(9) == 2)
    #expect(best(7) == 1)
    #expect(best(5) == nil)
  }
}
