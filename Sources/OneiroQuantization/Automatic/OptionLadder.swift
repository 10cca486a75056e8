/// For each layer its options from the cheapest to the one with the least noise, without those for which less noise is
/// to be had for the money; and where each layer stands.
struct OptionLadder {
  private let rungs: [[LayerOption]]
  private let goal: ChoiceGoal
  private var places: [Int]

  init(_ options: [[LayerOption]], goal: ChoiceGoal) {
    self.goal = goal
    rungs = options.map { Self.worthwhile($0, goal) }
    places = [Int](repeating: 0, count: options.count)
  }

  var chosen: [LayerOption] { zip(rungs, places).map { $0[$1] } }
  var noise: Double { chosen.reduce(0) { $0 + $1.noise } }
  var cost: Double { chosen.reduce(0) { $0 + $1.cost(goal) } }

  /// With every layer at the bottom.
  var leastCost: Double { rungs.reduce(0) { $0 + $1[0].cost(goal) } }
  /// With every layer as it is.
  var mostSeconds: Double { rungs.reduce(0) { $0 + $1[$1.count - 1].seconds } }
  var mostBytes: Int { rungs.reduce(0) { $0 + $1[$1.count - 1].byteCount } }

  /// The lower convex hull of noise over cost: whatever is paid for a step up buys less than what was paid for the one
  /// before, so that climbing the best step first is right.
  private static func worthwhile(_ options: [LayerOption], _ goal: ChoiceGoal) -> [LayerOption] {
    let sorted = options.sorted { ($0.cost(goal), $0.noise) < ($1.cost(goal), $1.noise) }
    var hull: [LayerOption] = []
    for option in sorted where option.noise < hull.last?.noise ?? .infinity {
      while hull.count >= 2,
        gain(hull[hull.count - 2], hull[hull.count - 1], goal) <= gain(hull[hull.count - 2], option, goal)
      {
        hull.removeLast()
      }
      hull.append(option)
    }
    return hull.isEmpty ? Array(sorted.suffix(1)) : hull
  }

  private static func gain(_ from: LayerOption, _ to: LayerOption, _ goal: ChoiceGoal) -> Double {
    (from.noise - to.noise) / max(to.cost(goal) - from.cost(goal), .leastNormalMagnitude)
  }

  /// From the bottom, the step that takes most noise for its cost, until the noise of all layers is within `bound`.
  mutating func climb(untilNoise bound: Double) {
    places = places.map { _ in 0 }
    while noise > bound, let step = bestStep(within: .infinity) { places[step] += 1 }
  }

  /// From the bottom, the step that takes most noise for its cost, as long as the cost of all layers stays within
  /// `bound`.
  mutating func climb(withinCost bound: Double) {
    places = places.map { _ in 0 }
    while let step = bestStep(within: bound - cost) { places[step] += 1 }
  }

  private func bestStep(within rest: Double) -> Int? {
    var best: (layer: Int, gain: Double)?
    for (layer, rungs) in rungs.enumerated() where places[layer] + 1 < rungs.count {
      let now = rungs[places[layer]], next = rungs[places[layer] + 1]
      guard next.cost(goal) - now.cost(goal) <= rest else { continue }
      let gain = Self.gain(now, next, goal)
      if gain > best?.gain ?? -.infinity { best = (layer, gain) }
    }
    return best?.layer
  }
}
