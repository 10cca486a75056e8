import Glibc
import OneiroGraph
import OneiroRuntime

/// Chooses a scheme for each layer so that a goal is met.
///
/// The noise that each layer makes alone is measured by running the graph from there on with that layer quantized, and,
/// where the goal is about time, how long the layer takes alone, in all schemes in turns. Noises of layers add up, as
/// far as they have nothing to do with each other; so do times. What was chosen is measured as a whole in the end, and
/// the bound tightened where it is not met.
///
/// Times of whole graphs are not quite the sums of their layers': values that are rounded once for several layers, or
/// written as bytes by who makes them, take less. So where time counts, what was chosen is then held against the graph
/// as it is, and with all layers in `w8a8`, and the best of them is kept.
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
  /// Positions of the calls on which single layers are measured.
  private let sample: [Int]
  private let exact: [[String: Value]]
  private let timer: LayerTimer?
  /// Of planning the graph, and of one of its calls.
  private let seconds: (planning: Double, call: Double)

  /// Work that is counted by itself.
  public enum Phase: Sendable {
    /// Calls of the graph as it is.
    case outputs
    /// Layers in each of their schemes.
    case layers
    /// Calls with all layers as they were chosen, again and again until the goal is met.
    case whole
  }
  public typealias Progress = (_ phase: Phase, _ done: Int, _ total: Int) -> Void

  private var calls: [[String: Tensor]] { calibration.calls }

  /// - graph: `LoadedModel.graph`.
  /// - calibration: single layers are measured on four of its calls, evenly spread, the whole choice on all of them.
  /// - method: for ranges of activations.
  /// - progress: is told of each call that has been run.
  public init(
    _ graph: Graph, _ calibration: Calibration, goal: ChoiceGoal, method: RangeMethod, planner: Planner,
    progress: Progress = { _, _, _ in }
  ) throws(RunError) {
    let all = calibration.calls.count, count = min(4, all)
    sample = (0..<count).map { (2 * $0 + 1) * all / (2 * count) }
    (self.graph, self.calibration, self.goal, self.method, self.planner) = (graph, calibration, goal, method, planner)
    let runner = GraphRunner(graph, planner: planner)
    var exact: [[String: Value]] = [], times: [Double] = []
    for call in calibration.calls {
      let start = ContinuousClock.now
      exact.append(try runner.run(call.mapValues(Value.tensor)))
      times.append((ContinuousClock.now - start) / .seconds(1))
      progress(.outputs, exact.count, all)
    }
    self.exact = exact
    let call = times.min()!
    seconds = (planning: times[0] - call, call: call)
    timer = goal.needsTimes ? try LayerTimer(graph, call: calibration.calls[0], planner: planner) : nil
  }

  /// Refuses a size that no choice of schemes has, before anything is measured.
  /// - graph: `LoadedModel.graph`.
  /// - keep: layers that it says stay as they are.
  /// - Throws: with the least size that there may be.
  public static func check(_ goal: ChoiceGoal, in graph: Graph, keep: LayerSelection) throws(RunError) {
    guard case .withinSize(let byteCount) = goal else { return }
    let layers = QuantizableLayer.all(in: graph)
    var least: [String: Int] = [:]
    for choice in keep.choices(for: layers) where choice.scheme != .f32 {
      let forms = goal.schemes.compactMap { WeightForm(LayerChoice(choice.layer, wanted: $0)) }
      for form in forms {
        let name = choice.layer.weight
        least[name] = min(least[name] ?? .max, form.byteCount(dims: choice.layer.dims))
      }
    }
    let all = graph.allInitializers.reduce(0) { $0 + $1.storedByteCount }
    let saved = least.reduce(0) { sum, entry in
      sum + max((graph.initializers[entry.key]?.storedByteCount ?? 0) - entry.value, 0)
    }
    guard all - saved <= byteCount else {
      throw missed("\(ByteCount(byteCount)) of weights", "\(ByteCount(all - saved)) at least")
    }
  }

  /// The most seconds that measuring the layers' noises takes, as long as a call takes what it took so far: the most of
  /// the work.
  public var estimatedSeconds: Double {
    Self.estimatedSeconds(
      shares: QuantizableLayer.all(in: graph).map { 1 - Double($0.index) / Double(graph.nodes.count) },
      schemeCount: goal.schemes.count - 1, sampleCount: sample.count, planning: seconds.planning, call: seconds.call)
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
    progress: Progress = { _, _, _ in }
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
    let measured = try options(for: live.map { own[layers[$0].name]! }, activations, progress)
    let refused = Dictionary(
      uniqueKeysWithValues: zip(live, measured).map { index, layer in
        (index, layer.refused + [unheld[layers[index].name]].compactMap { $0 })
      })
    let settled = try settled(OptionLadder(measured.map(\.possible), goal: goal), activations, progress)
    let (picked, compared) = try best(of: settled, rounded, activations, progress)
    let schemes = Dictionary(uniqueKeysWithValues: zip(live, picked.map(\.scheme)))
    let choices = layers.indices.map { index in
      if kept[index].scheme == .f32 { return kept[index] }
      return LayerChoice(layers[index], wanted: schemes[index] ?? .w8).telling(of: refused[index] ?? [])
    }
    let read = Set(choices.filter(\.scheme.needsCalibration).map(\.layer.activation))
    return Result(
      choices: choices, activations: activations.filter { read.contains($0.key) }, compared: compared)
  }

  /// What there is for each layer, in the order of the layers.
  private func options(
    for layers: [QuantizableLayer], _ activations: [String: ActivationQuantization], _ progress: Progress
  ) throws(RunError) -> [(possible: [LayerOption], refused: [RefusedScheme])] {
    var rest = GraphRest(graph, calls: sample.map { calls[$0] }, planner: planner)
    let starts = layers.map { rest.start(of: $0) }
    var found = [(possible: [LayerOption], refused: [RefusedScheme])?](repeating: nil, count: layers.count)
    for (done, index) in layers.indices.sorted(by: { (starts[$0], $0) < (starts[$1], $1) }).enumerated() {
      found[index] = try options(for: layers[index], activations, &rest)
      progress(.layers, done + 1, layers.count)
    }
    return found.map { $0! }
  }

  /// What there is for a layer, the layer as it is included, and schemes that do not hold its weight.
  /// - rest: the graph, from where the layer's weight is read on or from before that.
  private func options(
    for layer: QuantizableLayer, _ activations: [String: ActivationQuantization], _ rest: inout GraphRest
  ) throws(RunError) -> (possible: [LayerOption], refused: [RefusedScheme]) {
    let weight = graph.initializers[layer.weight]!
    var choices = [LayerChoice(layer, wanted: .f32)], quantized: [QuantizedWeight?] = [nil]
    var refused: [RefusedScheme] = []
    for scheme in goal.schemes where scheme != .f32 {
      let choice = LayerChoice(layer, wanted: scheme)
      guard choice.scheme == scheme, scheme != .w8a8 || activations[layer.activation] != nil else { continue }
      let made: QuantizedWeight?
      do throws(GraphError) { made = try choice.quantized(weight) } catch { throw .graph(error) }
      guard let made, let form = WeightForm(choice) else { continue }
      if let fault = WeightRange.fault(weight, name: layer.weight, form, made.noise) {
        refused.append(RefusedScheme(scheme: scheme, reason: fault))
        continue
      }
      choices.append(choice)
      quantized.append(made)
    }
    let times = try timer?.times(of: choices, activation: activations[layer.activation]) { quantized }
    // A layer that no run meets cannot be faster.
    if goal.needsTimes, times == nil {
      let asItIs = LayerOption(
        choice: choices[0], noise: 0, byteCount: weight.storedByteCount, times: nil, weight: nil)
      return ([asItIs], refused)
    }
    var options: [LayerOption] = []
    for (index, choice) in choices.enumerated() {
      // What is not faster than the layer as it is need not be measured.
      if let times, index > 0, !times[index].isFaster(than: times[0]) { continue }
      var option = LayerOption(
        choice: choice, noise: 0, byteCount: weight.storedByteCount, times: times?[index], weight: quantized[index])
      if let weight = option.weight {
        try rest.advance(to: rest.start(of: layer))
        option.noise = try noise(of: choice, weight, activations, rest)
        option.byteCount = weight.byteCount
      }
      options.append(option)
    }
    guard goal.needsTimes else { return (options, refused) }
    let worthwhile = Candidate.worthwhile(
      options.compactMap { option in
        option.times.map { Candidate(noise: option.noise, byteCount: option.byteCount, times: $0) }
      })
    return (worthwhile.map { options[$0] }, refused)
  }

  /// The best of what was chosen layer by layer, the layers as they are, and all of them in `w8a8`.
  /// - rounded: the layers in `w8a8`, as far as that can be.
  private func best(
    of chosen: [LayerOption], _ rounded: [LayerChoice], _ activations: [String: ActivationQuantization],
    _ progress: Progress
  ) throws(RunError) -> (choices: [LayerChoice], compared: [ComparedChoice]) {
    let own = chosen.map(\.choice)
    guard goal.needsTimes, !own.isEmpty else { return (own, []) }
    var plans = [("float32", own.map { LayerChoice($0.layer, wanted: .f32) })]
    for plan in [("w8a8", rounded), ("layer by layer", own)]
    where !plans.contains(where: { $0.1.map(\.scheme) == plan.1.map(\.scheme) }) { plans.append(plan) }
    let all = Array(calls.indices), signal = signal(all)
    var graphs: [Graph] = [], noises: [Double] = []
    for (_, choices) in plans {
      let layers = try quantized(choices)
      noises.append(layers.isEmpty ? 0 : try noise(of: layers, activations, all, progress))
      graphs.append(layers.isEmpty ? graph : QuantizedCopy.make(of: graph, layers, activations: activations))
    }
    let times = try GraphTime.times(of: graphs, call: calls[0], planner: planner)
    let candidates = plans.indices.map { index in
      Candidate(
        noise: noises[index], byteCount: graphs[index].allInitializers.reduce(0) { $0 + $1.storedByteCount },
        times: times[index])
    }
    let allowed = goal.decibels.map { signal / pow(10, $0 / 10) } ?? .infinity
    // What was chosen met the goal before, though times that are measured again may be a little longer.
    let ownIndex = plans.firstIndex { $0.1.map(\.scheme) == own.map(\.scheme) }!
    let kept = Candidate.best(of: candidates, goal: goal, allowed: allowed) ?? ownIndex
    let compared = plans.indices.map { index in
      var noise = QuantizationNoise()
      noise.add(signal: signal, noise: noises[index])
      return ComparedChoice(
        name: plans[index].0, seconds: times[index].median, noise: noise, byteCount: candidates[index].byteCount,
        meetsGoal: candidates[index].meets(goal, allowed: allowed), isKept: index == kept)
    }
    return (plans[kept].1, compared)
  }

  /// What becomes of the layers' weights, where something does.
  private func quantized(
    _ choices: [LayerChoice]
  ) throws(RunError) -> [(choice: LayerChoice, weight: QuantizedWeight)] {
    var found: [(choice: LayerChoice, weight: QuantizedWeight)] = []
    do throws(GraphError) {
      for choice in choices {
        guard let weight = try choice.quantized(graph.initializers[choice.layer.weight]!) else { continue }
        found.append((choice, weight))
      }
    } catch { throw .graph(error) }
    return found
  }

  private func settled(
    _ ladder: OptionLadder, _ activations: [String: ActivationQuantization], _ progress: Progress
  ) throws(RunError) -> [LayerOption] {
    switch goal {
    case .fastest(let decibels), .smallest(let decibels):
      return try settled(ladder, activations, decibels: decibels, progress)
    case .withinTime(let milliseconds):
      return try settled(ladder, activations, milliseconds: milliseconds)
    case .withinSize(let byteCount):
      var ladder = ladder
      let rest = graph.allInitializers.reduce(0) { $0 + $1.storedByteCount } - ladder.mostBytes
      ladder.climb(withinCost: Double(byteCount - rest))
      guard ladder.cost <= Double(byteCount - rest) else {
        throw Self.missed("\(ByteCount(byteCount)) of weights", "\(ByteCount(Int(ladder.cost) + rest)) at least")
      }
      return ladder.chosen
    }
  }

  private func settled(
    _ ladder: OptionLadder, _ activations: [String: ActivationQuantization], decibels: Double, _ progress: Progress
  ) throws(RunError) -> [LayerOption] {
    let all = Array(calls.indices), ratio = pow(10, decibels / 10)
    let allowed = signal(all) / ratio
    var bound = signal(sample) / ratio, ladder = ladder
    while true {
      ladder.climb(untilNoise: bound)
      let layers = Self.quantized(ladder.chosen)
      // Nothing rounded is always good enough.
      let found = try noise(of: layers, activations, all, progress)
      if layers.isEmpty || found <= allowed { return ladder.chosen }
      guard found.isFinite, allowed.isFinite, bound > 0 else {
        throw .graph(
          .mismatch("outputs", expected: "finite numbers, to measure a ratio by", found: "infinity or NaN"))
      }
      bound *= 0.8
    }
  }

  /// What lies between layers takes as long as before, as far as is known ahead.
  private func settled(
    _ ladder: OptionLadder, _ activations: [String: ActivationQuantization], milliseconds: Double
  ) throws(RunError) -> [LayerOption] {
    var ladder = ladder
    let before = try GraphTime.times(of: [graph], call: calls[0], planner: planner)[0].median
    var budget = milliseconds / 1e3 - max(before - ladder.mostSeconds, 0)
    while true {
      ladder.climb(withinCost: budget)
      let copy = QuantizedCopy.make(of: graph, Self.quantized(ladder.chosen), activations: activations)
      let found = try GraphTime.times(of: [copy], call: calls[0], planner: planner)[0].median
      if found <= milliseconds / 1e3 { return ladder.chosen }
      guard budget > ladder.leastCost else {
        throw Self.missed("\(milliseconds) ms a call", "\((found * 1e5).rounded() / 100) ms at best")
      }
      budget = min(budget, ladder.cost) - max(found - milliseconds / 1e3, 0.02 * ladder.cost)
    }
  }

  private static func missed(_ wanted: String, _ found: String) -> RunError {
    .graph(.mismatch("the choice of schemes", expected: wanted, found: found))
  }

  private static func quantized(_ options: [LayerOption]) -> [(choice: LayerChoice, weight: QuantizedWeight)] {
    options.compactMap { option in option.weight.map { (option.choice, $0) } }
  }

  /// The energy of what the outputs are in some of the calls.
  private func signal(_ positions: [Int]) -> Double {
    positions.flatMap { exact[$0].values }.reduce(0) { sum, value in
      guard let tensor = value.tensor, tensor.elementType.isFloatingPoint else { return sum }
      return sum + tensor.doubles().reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The energy by which the outputs move when some layers are quantized.
  private func noise(
    of layers: [(choice: LayerChoice, weight: QuantizedWeight)], _ activations: [String: ActivationQuantization],
    _ positions: [Int], _ progress: Progress = { _, _, _ in }
  ) throws(RunError) -> Double {
    let changed = QuantizedCopy.make(of: graph, layers, activations: activations)
    return try noise(of: changed, calls: positions.map { calls[$0].mapValues(Value.tensor) }, positions, progress)
  }

  /// The same of one layer alone.
  /// - rest: the graph from where its weight is read on.
  private func noise(
    of choice: LayerChoice, _ weight: QuantizedWeight, _ activations: [String: ActivationQuantization],
    _ rest: GraphRest
  ) throws(RunError) -> Double {
    guard let layer = QuantizableLayer.all(in: rest.graph).first(where: { $0.name == choice.layer.name }) else {
      return try noise(of: [(choice, weight)], activations, sample)
    }
    let changed = QuantizedCopy.make(
      of: rest.graph, [(LayerChoice(layer, wanted: choice.scheme), weight)], activations: activations)
    return try noise(of: changed, calls: rest.calls, sample)
  }

  /// The energy by which the outputs of another graph, or of what one ends with, are off.
  /// - calls: its inputs.
  /// - positions: of these calls.
  private func noise(
    of changed: Graph, calls: [[String: Value]], _ positions: [Int], _ progress: Progress = { _, _, _ in }
  ) throws(RunError) -> Double {
    let runner = GraphRunner(changed, planner: planner)
    var noise = QuantizationNoise()
    for (index, position) in positions.enumerated() {
      let found = try runner.run(calls[index])
      for (name, value) in exact[position] {
        guard let exact = value.tensor, let other = found[name]?.tensor, exact.elementType.isFloatingPoint,
          exact.dims == other.dims
        else { continue }
        noise.add(other.doubles(), expected: exact.doubles())
      }
      progress(.whole, index + 1, positions.count)
    }
    return noise.noise
  }
}
