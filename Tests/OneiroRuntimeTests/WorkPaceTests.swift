import OneiroRuntime
import Testing

@Suite("What is left of a piece of work") struct WorkPaceTests {
  @Test("The pace is that since the first look, whatever was before") func ownPace() {
    var pace = WorkPace()
    #expect(pace.secondsLeft(share: 0.25, at: 1000) == nil)
    #expect(pace.secondsLeft(share: 0.5, at: 1010) == 20)
    #expect(pace.secondsLeft(share: 0.75, at: 1080) == 40)
  }

  @Test("Nothing is said of what has just begun, of 640 bytes of 3.2 GiB, and at the end") func tooLittle() {
    var pace = WorkPace()
    #expect(pace.secondsLeft(share: 0, at: 0) == nil)
    #expect(pace.secondsLeft(share: 0.5, at: 0.5) == nil)
    #expect(pace.secondsLeft(share: 2e-7, at: 12.4) == nil)
    #expect(pace.secondsLeft(share: 1, at: 20) == nil)
  }

  @Test("Hours are as many as the work done bears out") func bounded() throws {
    var pace = WorkPace()
    #expect(pace.secondsLeft(share: 0, at: 0) == nil)
    for share in stride(from: 0.0, through: 1, by: 0.001) {
      guard let left = pace.secondsLeft(share: share, at: 60) else { continue }
      #expect(left <= 100 * 60)
    }
  }
}
