import OneiroGraph
import OneiroRuntime

/// What the outputs of a graph are in the calls of a calibration, and how far they move when layers are quantized.
struct OutputNoise {
  let graph: Graph
  let planner: Planner
  let calls: [[String: Tensor]]
  /// Positions of the calls on which single layers are measured: four of them at most, evenly spread.
  let sample: [Int]
  /// Positions of all calls.
  var all: [Int] { Array(calls.indices) }
  private let exact: [[String: Value]]

  /// - graph: `LoadedModel.graph`.
  /// - progress: is told of each call that has been run.
  init(
    _ graph: Graph, _ calibration: Calibration, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(RunError) {
    (self.graph, self.planner, calls) = (graph, planner, calibration.calls)
    let all = calls.count, count = min(4, all)
    sample = (0..<count).map { (2 * $0 + 1) * all / (2 * count) }
    let runner = GraphRunner(graph, planner: planner)
    var exact: [[String: Value]] = []
    for call in calls {
      exact.append(try runner.run(call.mapValues(Value.tensor)))
      progress(exact.count, all)
    }
    self.exact = exact
  }

  /// The energy of what the outputs are in some of the calls.
  func signal(_ positions: [Int]) -> Double {
    positions.flatMap { exact[$0].values }.reduce(0) { sum, value in
      guard let tensor = value.tensor, tensor.elementType.isFloatingPoint else { return sum }
      return sum + tensor.doubles().reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The energy by which the outputs move in some of the calls when layers are quantized; none where no layer is.
  /// - progress: is told of each call that has been run.
  func noise(
    of layers: [(choice: LayerChoice, weight: ReducedWeight)], _ activations: [String: ActivationQuantization],
    _ positions: [Int], progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> Double {
    guard !layers.isEmpty else { return 0 }
    let changed = QuantizedCopy.make(of: graph, layers, activations: activations)
    return try noise(of: changed, calls: positions.map { calls[$0].mapValues(Value.tensor) }, positions, progress)
  }

  /// The same of one layer alone, in the calls of the sample.
  /// - rest: the graph from where its weight is read on, in those calls.
  func noise(
    of choice: LayerChoice, _ weight: ReducedWeight, _ activations: [String: ActivationQuantization],
    _ rest: GraphRest
  ) throws(RunError) -> Double {
    guard let layer = QuantizableLayer.all(in: rest.graph).first(where: { $0.name == choice.layer.name }) else {
      return try noise(of: [(choice, weight)], activations, sample)
    }
    let changed = QuantizedCopy.make(
      of: rest.graph, [(LayerChoice(layer, wanted: choice.scheme), weight)], activations: activations)
    return try noise(of: changed, calls: rest.calls, sample) { _, _ in }
  }

  /// The energy by which the outputs of another graph, or of what one ends with, are off.
  /// - calls: its inputs.
  /// - positions: of these calls.
  private func noise(
    of changed: Graph, calls: [[String: Value]], _ positions: [Int], _ progress: (_ done: Int, _ total: Int) -> Void
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
      progress(index + 1, positions.count)
    }
    return noise.noise
  }
}
