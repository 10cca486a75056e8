import OneiroQuantization
import OneiroRuntime
import Testing

@Suite("What meets a goal, by measurements that were made up")
struct GoalSearchTests {
  private static func rung(_ noise: Double, _ cost: Double) -> OptionLadder.Rung {
    OptionLadder.Rung(noise: noise, cost: cost)
  }

  /// Floats, 8 bits and 4 bits, of a layer that matters much and of one that matters little.
  private static let options = [
    [rung(0, 400), rung(4, 100), rung(60, 60)], [rung(0, 400), rung(1, 100), rung(9, 60)],
  ]

  @Test("The step that takes most noise for its cost is climbed first") func climbing() {
    var ladder = OptionLadder(Self.options)
    #expect(ladder.chosen == [2, 2] && ladder.noise == 69 && ladder.cost == 120)
    #expect(ladder.leastCost == 120)
    ladder.climb(withinCost: 160)
    #expect(ladder.chosen == [1, 2])
    ladder.climb(withinCost: 500)
    #expect(ladder.chosen == [0, 1])
    ladder.climb(untilNoise: 5)
    #expect(ladder.chosen == [1, 1])
    ladder.climb(untilNoise: 0)
    #expect(ladder.chosen == [0, 0])
  }

  @Test("What pays less than what lies beyond it is left out, and so is what costs more and rounds more")
  func hull() {
    // 30 for the first 1 that is paid, but 69 for both.
    var ladder = OptionLadder([[Self.rung(1, 12), Self.rung(40, 11), Self.rung(70, 10), Self.rung(50, 20)]])
    #expect(ladder.chosen == [2])
    ladder.climb(untilNoise: 60)
    #expect(ladder.chosen == [0])
    #expect(OptionLadder([[Self.rung(.nan, 1), Self.rung(.nan, 2)]]).chosen.count == 1)
    #expect(OptionLadder([]).chosen.isEmpty)
  }

  @Test("The bound is tightened until the whole is within what is allowed") func noise() throws {
    var asked: [[Int]] = []
    let chosen = try GoalSearch.cheapest(Self.options, noise: 14, allowed: 14) { (chosen) throws(RunError) in
      asked.append(chosen)
      // Together the layers make twice the noise that they make alone.
      return 2 * zip(Self.options, chosen).reduce(0) { $0 + $1.0[$1.1].noise }
    }
    #expect(chosen == [1, 1] && asked.first == [1, 2] && asked.last == chosen)
    // Floats are right, even where nothing at all is allowed.
    #expect(try GoalSearch.cheapest(Self.options, noise: 0, allowed: 0) { (_) throws(RunError) in 0 } == [0, 0])
  }

  @Test("Noise that is no number is told") func notANumber() {
    let error = #expect(throws: RunError.self) {
      try GoalSearch.cheapest(Self.options, noise: 5, allowed: 5) { (_) throws(RunError) in .nan }
    }
    #expect(error?.description == "outputs: expected finite numbers, to measure a ratio by, found infinity or NaN")
  }

  /// Of layers and of 200 s between them, of which rounding takes a tenth.
  private static func seconds(_ chosen: [Int]) -> Double {
    let layers = zip(options, chosen).reduce(0) { $0 + $1.0[$1.1].cost }
    return layers + (chosen == [0, 0] ? 200 : 180)
  }

  private func chosen(seconds: Double, slower: Double = 0) throws -> [Int] {
    try GoalSearch.mostExact(
      Self.options, milliseconds: seconds * 1e3, between: 200
    ) { (chosen) throws(RunError) in Self.seconds(chosen) + slower }
  }

  @Test("Time is spent where it takes most noise, and less of it where the whole takes longer than its layers")
  func time() throws {
    #expect(try chosen(seconds: 1000) == [0, 0])
    #expect(try chosen(seconds: 720) == [0, 1])
    #expect(try chosen(seconds: 400) == [1, 1])
    #expect(try chosen(seconds: 400, slower: 50) == [1, 2])
    let error = #expect(throws: RunError.self) { try chosen(seconds: 200) }
    #expect(error?.description == "the choice of schemes: expected 200000.0 ms a call, found 300000.0 ms at best")
  }

  @Test("A layer that 8 bits hold exactly is no hindrance, though floats are never an option of it") func exact() throws
  {
    let options = [Self.options[0], [Self.rung(0, 400), Self.rung(0, 100)]]
    func chosen(_ byteCount: Int) throws(RunError) -> [Int] {
      try GoalSearch.mostExact(options, byteCount: byteCount, between: 50)
    }
    #expect(try chosen(850) == [0, 1])
    #expect(try chosen(549) == [1, 1])
    #expect(try chosen(250) == [1, 1])
    #expect(try chosen(210) == [2, 1])
  }

  @Test("Bytes are spent where they take most noise, beside those that are no layer's") func size() throws {
    func chosen(_ byteCount: Int) throws(RunError) -> [Int] {
      try GoalSearch.mostExact(Self.options, byteCount: byteCount, between: 50)
    }
    #expect(try chosen(850) == [0, 0])
    #expect(try chosen(250) == [1, 1])
    #expect(try chosen(249) == [1, 2])
    #expect(try chosen(170) == [2, 2])
    let error = #expect(throws: RunError.self) { try chosen(169) }
    #expect(
      error?.description == "the choice of schemes: expected 169 bytes of weights, found 170 bytes at least")
  }
}
