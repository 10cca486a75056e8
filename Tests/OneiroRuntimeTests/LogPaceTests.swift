import OneiroRuntime
import Testing

@Suite("Progress in a log") struct LogPaceTests {
  /// Lines about work that takes so long, when it is asked a thousand times, evenly spread.
  private func lines(seconds: Double) -> Int {
    var pace = LogPace(), last = 0.0, count = 0
    for look in 0...1000 {
      let now = seconds * Double(look) / 1000
      guard pace.isDue(share: Double(look) / 1000, at: now, sinceLastLine: now - last) else { continue }
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

  @Test("Work that begins anew gets a line again, when it has taken as long") func anew() {
    var pace = LogPace()
    let late = pace.isDue(share: 0.95, at: 100, sinceLastLine: 100)
    let later = pace.isDue(share: 0.96, at: 106, sinceLastLine: 6)
    let anew = pace.isDue(share: 0, at: 107, sinceLastLine: 7),
      soon = pace.isDue(share: 0.01, at: 112, sinceLastLine: 12)
    #expect(late && !later && !anew && soon)
  }

  @Test("Pieces of four seconds one after the other leave a line each half minute, not one each") func pieces() {
    var last = 0.0, count = 0
    for piece in 0..<60 {
      var pace = LogPace()
      for look in 1...4 {
        let now = Double(4 * piece + look)
        guard pace.isDue(share: Double(look) / 4, at: Double(look), sinceLastLine: now - last) else { continue }
        count += 1
        last = now
      }
    }
    #expect(count == 8)
  }
}
