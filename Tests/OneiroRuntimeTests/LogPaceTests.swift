import OneiroRuntime
import Testing

@Suite("Progress in a log") struct LogPaceTests {
  /// Lines about work that takes so long, when it is asked a thousand times, evenly spread.
  private func lines(seconds: Double) -> Int {
    var pace = LogPace(), last = 0.0, count = 0
    for look in 0...1000 {
      let now = seconds * Double(look) / 1000
      guard pace.isDue(share: Double(look) / 1000, sinceLastLine: now - last) else { continue }
      count += 1
      last = now
    }
    return count
  }

  @Test("Work of seconds leaves no lines, of a minute about one each tenth, of a day one each hundredth")
  func counts() {
    #expect(lines(seconds: 4) == 0)
    #expect((9...11).contains(lines(seconds: 60)))
    #expect((90...101).contains(lines(seconds: 86400)))
  }

  @Test("Work that begins anew gets a line again") func anew() {
    var pace = LogPace()
    let late = pace.isDue(share: 0.95, sinceLastLine: 100), later = pace.isDue(share: 0.96, sinceLastLine: 6)
    let anew = pace.isDue(share: 0, sinceLastLine: 6)
    #expect(late && !later && anew)
  }
}
