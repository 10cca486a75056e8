import OneiroQuantization
import OneiroRuntime
import Testing

@Suite("Things that run in turns")
struct TurnsTests {
  /// What is found of things that take so many seconds, and the order of their runs.
  private func run(_ seconds: [Double]) throws -> (times: [TurnTimes], order: [Int]) {
    var order: [Int] = []
    let times = try Turns.times(of: Array(seconds.indices)) { (index) throws(RunError) in
      index
    } run: { (index) throws(RunError) in
      order.append(index)
      return seconds[index]
    }
    return (times, order)
  }

  @Test("What is near each other runs in turns, as often")
  func near() throws {
    let (times, order) = try run([0.1, 0.11])
    #expect(times.map(\.seconds.count) == [5, 5])
    #expect(times.map(\.median) == [0.1, 0.11])
    #expect(order.suffix(8) == [0, 1, 0, 1, 0, 1, 0, 1])
  }

  @Test("What is short runs several times in its turn")
  func short() throws {
    let (times, order) = try run([0.001, 0.0011])
    #expect(times.map(\.seconds.count) == [9, 9])
    #expect(order.suffix(8) == [0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test("What is far off has a single time, whichever comes first")
  func far() throws {
    for (seconds, far) in [([0.1, 0.2], 1), ([0.2, 0.1], 0)] {
      let (times, order) = try run(seconds)
      #expect(times[far].seconds == [0.2] && times[1 - far].median == 0.1)
      #expect(order.count { $0 == far } == 3)
      #expect(times[1 - far].isFaster(than: times[far]))
    }
    #expect(try run([0.1, 0.2, 0.105]).times.map(\.seconds.count) == [5, 1, 5])
  }

  @Test("A single one runs as often as if it had others beside it")
  func single() throws {
    #expect(try run([0.1]).times.map(\.seconds.count) == [5])
    #expect(try run([]).times.isEmpty)
  }
}
