import Glibc
import OneiroGraph
import OneiroOps
import OneiroRuntime

/// Chooses for each layer among 4, 8 and 32 bits, so that the weights are as small as a bound on the noise of the graph's
/// outputs allows.
///
/// The noise that each layer makes alone is measured by running the graph with that layer's weight rounded. Noises of
/// layers add up, as far as they have nothing to do with each other; so layers begin with the fewest bits, and the one that
/// pays least in bytes for what it takes from the sum gets more, until the sum is below the bound. What was chosen is
/// measured as a whole in the end, and the bound tightened where it is not met.
public struct AutomaticChoice {
  /// In the order in which a layer goes through them.
  private static let schemes: [LayerScheme] = [.w4, .w8, .f32]

  private let graph: Graph
  private let calls: [[String: Tensor]]
  /// Positions of the calls on which single layers are measured.
  private let sample: [Int]
  private let planner: Planner
  private let exact: [[String: Value]]

  /// - graph: `LoadedModel.graph`.
  /// - calibration: single layers are measured on four of its calls, evenly spread, the whole choice on all of them.
  public init(_ graph: Graph, _ calibration: Calibration, planner: Planner) throws(RunError) {
    calls = calibration.calls
    let all = calibration.calls.count, count = min(4, all)
    sample = (0..<count).map { (2 * $0 + 1) * all / (2 * count) }
    self.graph = graph
    self.planner = planner
    let runner = GraphRunner(graph, planner: planner)
    var exact: [[String: Value]] = []
    for call in calls { exact.append(try runner.run(call.mapValues(Value.tensor))) }
    self.exact = exact
  }

  /// The energy of what the outputs are in some of the calls.
  private func signal(_ positions: [Int]) -> Double {
    positions.flatMap { exact[$0].values }.reduce(0) { sum, value in
      guard let tensor = value.tensor, tensor.elementType.isFloatingPoint else { return sum }
      return sum + tensor.doubles().reduce(0) { $0 + $1 * $1 }
    }
  }

  /// One layer in one scheme.
  private struct Option {
    let choice: LayerChoice
    let noise: Double
    let byteCount: Int
    let weight: Tensor?
  }

  /// - keep: layers that it says stay as they are.
  /// - decibels: the least signal-to-noise ratio of the outputs.
  /// - progress: is told of each layer that has been measured.
  public func choices(
    for layers: [QuantizableLayer], keep: LayerSelection, decibels: Double,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> [LayerChoice] {
    let kept = keep.choices(for: layers)
    var options: [[Option]] = []
    for (index, layer) in layers.enumerated() {
      if kept[index].scheme == .f32 {
        options.append([Option(choice: kept[index], noise: 0, byteCount: 0, weight: nil)])
      } else {
        options.append(try self.options(for: layer))
      }
      progress(index + 1, layers.count)
    }
    let all = Array(calls.indices), ratio = pow(10, decibels / 10)
    let allowed = signal(all) / ratio
    var bound = signal(sample) / ratio
    while true {
      let chosen = Self.settle(options, bound: bound)
      let picked = zip(options, chosen).map { $0[$1] }
      let weights = picked.compactMap { option in option.weight.map { (option.choice.layer.weight, $0) } }
      // Nothing rounded is always good enough.
      let found = try noise(with: Dictionary(weights, uniquingKeysWith: { first, _ in first }), all)
      if weights.isEmpty || found <= allowed { return picked.map(\.choice) }
      guard found.isFinite, allowed.isFinite, bound > 0 else {
        throw .graph(
          .mismatch("outputs", expected: "finite numbers, to measure a ratio by", found: "infinity or NaN"))
      }
      bound *= 0.8
    }
  }

  /// From the fewest bytes to the most.
  private func options(for layer: QuantizableLayer) throws(RunError) -> [Option] {
    // What no output depends on is not in the graph any more, and makes no noise.
    guard let weight = graph.initializers[layer.weight] else {
      return [Option(choice: LayerChoice(layer, wanted: .w8), noise: 0, byteCount: 0, weight: nil)]
    }
    var options: [Option] = []
    for scheme in Self.schemes {
      let choice = LayerChoice(layer, wanted: scheme)
      guard choice.scheme == scheme else { continue }
      guard scheme != .f32 else {
        options.append(Option(choice: choice, noise: 0, byteCount: weight.storedByteCount, weight: nil))
        continue
      }
      do throws(GraphError) {
        let quantized =
          scheme == .w4
          ? try BlockQuantization.quantize(weight, axis: layer.reducedAxis, name: layer.weight)
          : try ChannelQuantization.quantize(weight, axis: layer.channelAxis, name: layer.weight)
        let rounded = try quantized.dequantized(layer.node)
        options.append(
          Option(
            choice: choice, noise: try measured(layer.weight, rounded), byteCount: quantized.byteCount, weight: rounded)
        )
      } catch {
        throw .graph(error)
      }
    }
    return options
  }

  private func measured(_ name: String, _ weight: Tensor) throws(GraphError) -> Double {
    do throws(RunError) { return try noise(with: [name: weight], sample) } catch {
      if case .graph(let error) = error { throw error }
      throw .invalid("weight \"\(name)\"", "\(error)")
    }
  }

  /// The energy by which the outputs move when some initializers are others.
  private func noise(with weights: [String: Tensor], _ positions: [Int]) throws(RunError) -> Double {
    var changed = graph
    for (name, tensor) in weights { changed.initializers[name] = tensor }
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

  /// Which of its options each layer gets so that their noises are no more than `bound` together.
  private static func settle(_ options: [[Option]], bound: Double) -> [Int] {
    var chosen = [Int](repeating: 0, count: options.count)
    func total() -> Double { zip(options, chosen).reduce(0) { $0 + $1.0[$1.1].noise } }
    while total() > bound {
      var best: (layer: Int, worth: Double)?
      for (layer, choices) in options.enumerated() where chosen[layer] + 1 < choices.count {
        let now = choices[chosen[layer]], next = choices[chosen[layer] + 1]
        let worth = (now.noise - next.noise) / Double(max(next.byteCount - now.byteCount, 1))
        if worth > best?.worth ?? -.infinity { best = (layer, worth) }
      }
      guard let best else { break }
      chosen[best.layer] += 1
    }
    return chosen
  }
}

extension QuantizedWeight {
  /// What DequantizeLinear makes of it.
  /// - node: for errors.
  func dequantized(_ node: Node) throws(GraphError) -> Tensor {
    let dequantize = Node(
      "DequantizeLinear", inputs: ["q", "scale"], outputs: ["w"],
      attributes: ["axis": .int(Int64(axis)), "block_size": .int(Int64(blockSize))])
    do {
      return try DequantizeLinear.reference(
        KernelCall(node: dequantize, schema: DequantizeLinear.schema, inputs: [.tensor(elements), .tensor(scales)]))[0]
    } catch {
      throw .invalid(node: node, "weight", error.description)
    }
  }
}
