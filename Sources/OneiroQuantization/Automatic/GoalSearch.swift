import OneiroGraph
import OneiroRuntime

/// Looks for the option of each layer with which a goal is met, by what the layers add up to. What that comes to in the
/// whole graph is asked for, and the bound tightened until it is right.
package enum GoalSearch {
  /// The cheapest options with so much noise.
  /// - options: of each layer.
  /// - bound: of the layers' noises together, to begin with.
  /// - allowed: of the noise of the whole.
  /// - measure: the noise of the whole with the layers' options at these positions.
  /// - Returns: positions of the layers' options.
  /// - Throws: where there is no number to go by.
  package static func cheapest(
    _ options: [[OptionLadder.Rung]], noise bound: Double, allowed: Double,
    measure: (_ chosen: [Int]) throws(RunError) -> Double
  ) throws(RunError) -> [Int] {
    var ladder = OptionLadder(options), bound = bound
    while true {
      ladder.climb(untilNoise: bound)
      let found = try measure(ladder.chosen)
      // Nothing rounded is always good enough.
      if found == 0 || found <= allowed { return ladder.chosen }
      guard found.isFinite, allowed.isFinite, bound > 0 else {
        throw .graph(
          .mismatch("outputs", expected: "finite numbers, to measure a ratio by", found: "infinity or NaN"))
      }
      bound *= 0.8
    }
  }

  /// The options with the least noise in so much time.
  /// - options: of each layer, with seconds as their costs.
  /// - milliseconds: of a call of the whole.
  /// - between: seconds that lie between layers, as far as is known ahead.
  /// - measure: seconds of the whole with the layers' options at these positions.
  /// - Throws: where no options are fast enough, with how long it takes at best.
  package static func mostExact(
    _ options: [[OptionLadder.Rung]], milliseconds: Double, between: Double,
    measure: (_ chosen: [Int]) throws(RunError) -> Double
  ) throws(RunError) -> [Int] {
    let seconds = milliseconds / 1e3
    var ladder = OptionLadder(options)
    var budget = seconds - between
    while true {
      ladder.climb(withinCost: budget)
      let found = try measure(ladder.chosen)
      if found <= seconds { return ladder.chosen }
      guard budget > ladder.leastCost else {
        throw .missedGoal("\(milliseconds) ms a call", found: "\((found * 1e5).rounded() / 100) ms at best")
      }
      budget = min(budget, ladder.cost) - max(found - seconds, 0.02 * ladder.cost)
    }
  }

  /// The options with the least noise in so many bytes.
  /// - options: of each layer, with bytes as their costs.
  /// - byteCount: of all weights.
  /// - between: bytes that are no layer's.
  /// - Throws: where no options are small enough, with the fewest bytes.
  package static func mostExact(
    _ options: [[OptionLadder.Rung]], byteCount: Int, between: Int
  ) throws(RunError) -> [Int] {
    var ladder = OptionLadder(options)
    ladder.climb(withinCost: Double(byteCount - between))
    guard ladder.cost <= Double(byteCount - between) else {
      throw .missedGoal(
        "\(ByteCount(byteCount)) of weights", found: "\(ByteCount(Int(ladder.cost) + between)) at least")
    }
    return ladder.chosen
  }
}

extension RunError {
  /// No choice of schemes meets the goal.
  static func missedGoal(_ wanted: String, found: String) -> RunError {
    .graph(.mismatch("the choice of schemes", expected: wanted, found: found))
  }
}
