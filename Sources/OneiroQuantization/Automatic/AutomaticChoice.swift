import Glibc
import OneiroGraph
import OneiroRuntime

/// Chooses a scheme for each layer so that a goal is met.
///
/// What each layer does alone is measured (`LayerMeasurement`). Noises of layers add up, as far as they have nothing to
/// do with each other; so do times. By these sums schemes are chosen, the whole measured with them, and the bound
/// tightened where it is not met (`GoalSearch`). Where time counts, that is held against other wholes
/// (`ChoiceComparison`).
public struct AutomaticChoice {
  /// What becomes of the layers.
  public struct Result {
    public let choices: [LayerChoice]
    /// Ranges of the activations that they round.
    public let activations: [String: ActivationQuantization]
    /// Whole graphs that were held against each other; none where time does not count.
    public let compared: [ComparedChoice]
  }

  private let graph: Graph
  private let calibration: Calibration
  private let goal: ChoiceGoal
  private let method: RangeMethod
  private let planner: Planner
  private let outputs: OutputNoise
  private let timer: LayerTimer?

  /// - graph: `LoadedModel.graph`.
  /// - calibration: single layers are measured on four of its calls, evenly spread, the whole choice on all of them.
  /// - method: for ranges of activations.
  /// - progress: is told of each call that has been run.
  public init(
    _ graph: Graph, _ calibration: Calibration, goal: ChoiceGoal, method: RangeMethod, planner: Planner,
    progress: (ChoiceProgress) -> Void = { _ in }
  ) throws(RunError) {
    (self.graph, self.calibration, self.goal, self.method, self.planner) = (graph, calibration, goal, method, planner)
    outputs = try OutputNoise(graph, calibration, planner: planner) { progress(ChoiceProgress(.outputs, $0, of: $1)) }
    timer = goal.needsTimes ? try LayerTimer(graph, call: calibration.calls[0], planner: planner) : nil
  }

  /// About how many seconds measuring the layers' noises takes, the most of the work.
  ///
  /// The graph is planned anew and called for it: what it took at first may have been to time kernels, which is done
  /// once for a machine and not for each layer.
  /// - keep: layers that it says stay as they are.
  public func estimatedSeconds(keep: LayerSelection) throws(RunError) -> Double {
    let runner = GraphRunner(graph, planner: planner), call = outputs.calls[0].mapValues(Value.tensor)
    func seconds() throws(RunError) -> Double {
      let start = ContinuousClock.now
      _ = try runner.run(call)
      return (ContinuousClock.now - start) / .seconds(1)
    }
    let layers = keep.choices(for: QuantizableLayer.all(in: graph)).filter { $0.scheme != .f32 }.map(\.layer)
    func estimate(planning: Double, call: Double) -> Double {
      Self.estimatedSeconds(
        shares: layers.map { LayerMeasurement.share(from: $0.index, of: graph) }, schemeCount: goal.schemes.count - 1,
        sampleCount: outputs.sample.count, planning: planning, call: call)
    }
    let first = try seconds(), most = estimate(planning: 0, call: first)
    guard most >= 60 else { return most }
    let second = try seconds()
    return estimate(planning: max(first - second, 0), call: second)
  }

  /// Each layer in each scheme is planned once and called for each of the sample, with what comes behind it.
  /// - shares: for each layer, that of the graph.
  /// - planning, call: seconds.
  public static func estimatedSeconds(
    shares: [Double], schemeCount: Int, sampleCount: Int, planning: Double, call: Double
  ) -> Double {
    shares.reduce(0, +) * Double(schemeCount) * (planning + Double(sampleCount) * call)
  }

  /// - layers: of the graph that is to be written; those of `graph` have the same names.
  /// - keep: layers that it says stay as they are.
  /// - progress: is told of each layer that has been measured, and of calls with all of them.
  /// - Throws: when the goal cannot be met, with what can be had.
  public func choices(
    for layers: [QuantizableLayer], keep: LayerSelection,
    progress: (ChoiceProgress) -> Void = { _ in }
  ) throws(RunError) -> Result {
    // What no output depends on is not in the graph any more, and makes no noise.
    let own = Dictionary(
      QuantizableLayer.all(in: graph).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let kept = keep.choices(for: layers)
    let live = layers.indices.filter { own[layers[$0].name] != nil && kept[$0].scheme != .f32 }
    let wanted = goal.schemes.contains(.w8a8) ? live.compactMap { own[layers[$0].name] } : []
    let (rounded, activations) = try calibration.ranges(
      for: wanted.map { LayerChoice($0, wanted: .w8a8) }, in: graph, method: method, planner: planner)
    let unheld = Dictionary(
      rounded.filter(\.isOutOfRange).map { ($0.layer.name, RefusedScheme(scheme: .w8a8, reason: $0.reason ?? "")) },
      uniquingKeysWith: { first, _ in first })
    let measurement = LayerMeasurement(outputs: outputs, goal: goal, timer: timer, activations: activations)
    let measured = try measurement.results(for: live.map { own[layers[$0].name]! }) {
      progress(ChoiceProgress(.layers, $0, of: $1, share: $2))
    }
    let refused = Dictionary(
      uniqueKeysWithValues: zip(live, measured).map { index, layer in
        (index, layer.refused + [unheld[layers[index].name]].compactMap { $0 })
      })
    var picked = try chosen(from: measured, activations) {
      progress(ChoiceProgress(.whole, $0, of: $1))
    }
    var compared: [ComparedChoice] = []
    if goal.needsTimes, !picked.isEmpty {
      let comparison = try ChoiceComparison(of: picked, and: rounded, activations, outputs, goal: goal) {
        progress(ChoiceProgress(.whole, $0, of: $1))
      }
      (picked, compared) = (comparison.choices, comparison.compared)
    }
    let schemes = Dictionary(uniqueKeysWithValues: zip(live, picked.map(\.scheme)))
    let choices = layers.indices.map { index in
      if kept[index].scheme == .f32 { return kept[index] }
      return LayerChoice(layers[index], wanted: schemes[index] ?? .w8).telling(of: refused[index] ?? [])
    }
    let read = Set(choices.filter(\.scheme.needsCalibration).map(\.layer.activation))
    return Result(
      choices: choices, activations: activations.filter { read.contains($0.key) }, compared: compared)
  }

  /// - measured: of each layer.
  private func chosen(
    from measured: [LayerMeasurement.Result], _ activations: [String: ActivationQuantization],
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(RunError) -> [LayerChoice] {
    let options = measured.map(\.options), layersBefore = measured.reduce(0) { $0 + $1.costBefore }
    let rungs = options.map { $0.map { OptionLadder.Rung(noise: $0.noise, cost: $0.cost(goal)) } }
    func reduced(_ places: [Int]) -> [(choice: LayerChoice, weight: ReducedWeight)] {
      zip(options, places).compactMap { options, place in
        options[place].weight.map { (options[place].choice, $0) }
      }
    }
    let places: [Int]
    switch goal {
    case .fastest(let decibels), .smallest(let decibels):
      let ratio = pow(10, decibels / 10), all = outputs.all
      places = try GoalSearch.cheapest(
        rungs, noise: outputs.signal(outputs.sample) / ratio, allowed: outputs.signal(all) / ratio
      ) { (places) throws(RunError) in
        try outputs.noise(of: reduced(places), activations, all, progress: progress)
      }
    case .withinTime(let milliseconds):
      func seconds(_ graph: Graph) throws(RunError) -> Double {
        try GraphTime.times(of: [graph], call: outputs.calls[0], planner: planner)[0].median
      }
      places = try GoalSearch.mostExact(
        rungs, milliseconds: milliseconds, between: max(try seconds(graph) - layersBefore, 0)
      ) { (places) throws(RunError) in
        try seconds(QuantizedCopy.make(of: graph, reduced(places), activations: activations))
      }
    case .withinSize(let byteCount):
      let before = graph.allInitializers.reduce(0) { $0 + $1.storedByteCount }
      places = try GoalSearch.mostExact(rungs, byteCount: byteCount, between: before - Int(layersBefore))
    }
    return zip(options, places).map { $0[$1].choice }
  }
}
