import Glibc
import OneiroGraph
import OneiroRuntime

/// Chooses a scheme for each layer so that a goal is met.
///
/// The noise that each layer makes alone is measured by running the graph with that layer quantized, and, where the
/// goal is about time, how long the layer takes alone. Noises of layers add up, as far as they have nothing to do with
/// each other; so do times. What was chosen is measured as a whole in the end, and the bound tightened where it is not
/// met.
public struct AutomaticChoice {
  private let graph: Graph
  private let calibration: Calibration
  private let goal: ChoiceGoal
  private let method: RangeMethod
  private let planner: Planner
  /// Positions of the calls on which single layers are measured.
  private let sample: [Int]
  private let exact: [[String: Value]]
  private let timer: LayerTimer?

  private var calls: [[String: Tensor]] { calibration.calls }

  /// - graph: `LoadedModel.graph`.
  /// - calibration: single layers are measured on four of its calls, evenly spread, the whole choice on all of them.
  /// - method: for ranges of activations.
  public init(
    _ graph: Graph, _ calibration: Calibration, goal: ChoiceGoal, method: RangeMethod, planner: Planner
  ) throws(RunError) {
    let all = calibration.calls.count, count = min(4, all)
    sample = (0..<count).map { (2 * $0 + 1) * all / (2 * count) }
    (self.graph, self.calibration, self.goal, self.method, self.planner) = (graph, calibration, goal, method, planner)
    let runner = GraphRunner(graph, planner: planner)
    var exact: [[String: Value]] = []
    for call in calibration.calls { exact.append(try runner.run(call.mapValues(Value.tensor))) }
    self.exact = exact
    timer = goal.needsTimes ? try LayerTimer(graph, call: calibration.calls[0], planner: planner) : nil
  }

  /// - layers: of the graph that is to be written; those of `graph` have the same names.
  /// - keep: layers that it says stay as they are.
  /// - progress: is told of each layer that has been measured.
  /// - Returns: the choices, and ranges of the activations that they round.
  /// - Throws: when the goal cannot be met, with what can be had.
  public func choices(
    for layers: [QuantizableLayer], keep: LayerSelection,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> (choices: [LayerChoice], activations: [String: ActivationQuantization]) {
    // What no output depends on is not in the graph any more, and makes no noise.
    let own = Dictionary(
      QuantizableLayer.all(in: graph).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let kept = keep.choices(for: layers)
    let live = layers.indices.filter { own[layers[$0].name] != nil && kept[$0].scheme != .f32 }
    let wanted = goal.schemes.contains(.w8a8) ? live.compactMap { own[layers[$0].name] } : []
    let (_, activations) = try calibration.ranges(
      for: wanted.map { LayerChoice($0, wanted: .w8a8) }, in: graph, method: method, planner: planner)
    var options: [[LayerOption]] = []
    for index in live {
      options.append(try self.options(for: own[layers[index].name]!, activations))
      progress(options.count, live.count)
    }
    let picked = try settled(OptionLadder(options, goal: goal), activations)
    let schemes = Dictionary(uniqueKeysWithValues: zip(live, picked.map(\.choice.scheme)))
    let choices = layers.indices.map { index in
      if kept[index].scheme == .f32 { return kept[index] }
      return LayerChoice(layers[index], wanted: schemes[index] ?? .w8)
    }
    let read = Set(choices.filter(\.scheme.needsCalibration).map(\.layer.activation))
    return (choices, activations.filter { read.contains($0.key) })
  }

  /// What there is for a layer, the layer as it is included.
  private func options(
    for layer: QuantizableLayer, _ activations: [String: ActivationQuantization]
  ) throws(RunError) -> [LayerOption] {
    let weight = graph.initializers[layer.weight]!, asItIs = LayerChoice(layer, wanted: .f32)
    let before =
      try timer?.seconds(asItIs, activation: nil, weight: { () throws(GraphError) in nil }) ?? 0
    var options = [
      LayerOption(choice: asItIs, noise: 0, byteCount: weight.storedByteCount, seconds: before, weight: nil)
    ]
    for scheme in goal.schemes where scheme != .f32 {
      let choice = LayerChoice(layer, wanted: scheme)
      guard choice.scheme == scheme, scheme != .w8a8 || activations[layer.activation] != nil else { continue }
      let quantized: QuantizedWeight?
      do throws(GraphError) { quantized = try choice.quantized(weight) } catch { throw .graph(error) }
      guard let quantized, let form = WeightForm(choice),
        WeightRange.fault(weight, name: layer.weight, form, quantized.noise) == nil
      else { continue }
      let activation = activations[layer.activation]
      let seconds =
        try timer?.seconds(choice, activation: activation, weight: { () throws(GraphError) in quantized }) ?? 0
      // What is not faster is not worth its noise.
      if goal.needsTimes, seconds >= before * 0.97 { continue }
      let noise = try noise(of: [(choice, quantized)], activations, sample)
      options.append(
        LayerOption(choice: choice, noise: noise, byteCount: quantized.byteCount, seconds: seconds, weight: quantized))
    }
    return options
  }

  private func settled(
    _ ladder: OptionLadder, _ activations: [String: ActivationQuantization]
  ) throws(RunError) -> [LayerOption] {
    switch goal {
    case .fastest(let decibels), .smallest(let decibels):
      return try settled(ladder, activations, decibels: decibels)
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
    _ ladder: OptionLadder, _ activations: [String: ActivationQuantization], decibels: Double
  ) throws(RunError) -> [LayerOption] {
    let all = Array(calls.indices), ratio = pow(10, decibels / 10)
    let allowed = signal(all) / ratio
    var bound = signal(sample) / ratio, ladder = ladder
    while true {
      ladder.climb(untilNoise: bound)
      let layers = Self.quantized(ladder.chosen)
      // Nothing rounded is always good enough.
      let found = try noise(of: layers, activations, all)
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
    let before = try GraphTime.seconds(graph, call: calls[0], planner: planner)
    var budget = milliseconds / 1e3 - max(before - ladder.mostSeconds, 0)
    while true {
      ladder.climb(withinCost: budget)
      let copy = QuantizedCopy.make(of: graph, Self.quantized(ladder.chosen), activations: activations)
      let found = try GraphTime.seconds(copy, call: calls[0], planner: planner)
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
    _ positions: [Int]
  ) throws(RunError) -> Double {
    let changed = QuantizedCopy.make(of: graph, layers, activations: activations)
    let runner = GraphRunner(changed, planner: planner)
    var noise = QuantizationNoise()
    for position in positions {
      let found = try runner.run(calls[position].mapValues(Value.tensor))
      for (name, value) in exact[position] {
        guard let exact = value.tensor, let other = found[name]?.tensor, exact.elementType.isFloatingPoint,
          exact.dims == other.dims
        else { continue }
        noise.add(other.doubles(), expected: exact.doubles())
      }
    }
    return noise.noise
  }
}
