/// For each layer its options from the cheapest to the one with the least noise, without those for which less noise is
/// to be had for the money; and where each layer stands.
package struct OptionLadder {
  /// What one option is known by.
  package struct Rung: Equatable, Sendable {
    /// What the layer alone adds to the energy of the graph's outputs.
    package let noise: Double
    /// What is paid for less noise: seconds or bytes.
    package let cost: Double

    package init(noise: Double, cost: Double) { (self.noise, self.cost) = (noise, cost) }
  }

  private let options: [[Rung]]
  /// Positions of the options that are worth it, from the bottom.
  private let rungs: [[Int]]
  private var places: [Int]

  /// - options: of each layer, one at least, in any order.
  package init(_ options: [[Rung]]) {
    self.options = options
    rungs = options.map(Self.worthwhile)
    places = [Int](repeating: 0, count: options.count)
  }

  /// The position of each layer's option where it stands now.
  package var chosen: [Int] { zip(rungs, places).map { $0[$1] } }
  private var current: [Rung] { zip(options, chosen).map { $0[$1] } }
  package var noise: Double { current.reduce(0) { $0 + $1.noise } }
  package var cost: Double { current.reduce(0) { $0 + $1.cost } }

  /// With every layer at the bottom.
  package var leastCost: Double { zip(options, rungs).reduce(0) { $0 + $1.0[$1.1[0]].cost } }

  /// The lower convex hull of noise over cost: whatever is paid for a step up buys less than what was paid for the one
  /// before, so that climbing the best step first is right.
  private static func worthwhile(_ options: [Rung]) -> [Int] {
    let sorted = options.indices.sorted {
      (options[$0].cost, options[$0].noise) < (options[$1].cost, options[$1].noise)
    }
    var hull: [Int] = []
    for index in sorted where options[index].noise < hull.last.map({ options[$0].noise }) ?? .infinity {
      while hull.count >= 2 {
        let before = options[hull[hull.count - 2]]
        guard gain(before, options[hull[hull.count - 1]]) <= gain(before, options[index]) else { break }
        hull.removeLast()
      }
      hull.append(index)
    }
    return hull.isEmpty ? Array(sorted.suffix(1)) : hull
  }

  private static func gain(_ from: Rung, _ to: Rung) -> Double {
    (from.noise - to.noise) / max(to.cost - from.cost, .leastNormalMagnitude)
  }

  /// From the bottom, the step that takes most noise for its cost, until the noise of all layers is within `bound`.
  package mutating func climb(untilNoise bound: Double) {
    places = places.map { _ in 0 }
    while noise > bound, let step = bestStep(within: .infinity) { places[step] += 1 }
  }

  /// From the bottom, the step that takes most noise for its cost, as long as the cost of all layers stays within
  /// `bound`.
  package mutating func climb(withinCost bound: Double) {
    places = places.map { _ in 0 }
    while let step = bestStep(within: bound - cost) { places[step] += 1 }
  }

  private func bestStep(within rest: Double) -> Int? {
    var best: (layer: Int, gain: Double)?
    for (layer, rungs) in rungs.enumerated() where places[layer] + 1 < rungs.count {
      let now = options[layer][rungs[places[layer]]], next = options[layer][rungs[places[layer] + 1]]
      guard next.cost - now.cost <= rest else { continue }
      let gain = Self.gain(now, next)
      if gain > best?.gain ?? -.infinity { best = (layer, gain) }
    }
    return best?.layer
  }
}
