import OneiroGraph
import OneiroRuntime

/// How long layers take by themselves, on this machine, with a planner's kernels. Layers that are alike are timed once.
public final class LayerTimer {
  private let planner: Planner
  private let types: [String: [TensorType?]]
  private let graph: Graph
  private let layers: [String: QuantizableLayer]
  private var known: [String: Double] = [:]
  /// Runs that count, after one that warms up; a layer that takes longer than `enough` seconds is run but twice.
  private static let runs = 7, enough = 0.1

  /// - graph: `LoadedModel.graph`.
  /// - call: inputs of the graph, which is run with them to see the shapes that layers meet.
  public init(_ graph: Graph, call: [String: Tensor], planner: Planner) throws(RunError) {
    self.graph = graph
    self.planner = planner
    layers = Dictionary(QuantizableLayer.all(in: graph).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(layers.keys)
    // Without fusions each layer has a step of its own.
    let runner = GraphRunner(graph, planner: planner.with(.none))
    var types: [String: [TensorType?]] = [:]
    runner.didPlan = { plan in
      for step in plan.steps where names.contains(step.node.label) {
        types[step.node.label] = step.inputs.map { $0?.type }
      }
    }
    _ = try runner.run(call.mapValues(Value.tensor))
    self.types = types
  }

  /// Seconds of one call of a layer.
  /// - choice: for a layer of the graph, by name.
  /// - weight: what becomes of its weight, which is asked for if a layer like this was not timed before; `nil` for one
  ///   that stays as it is.
  /// - Returns: `nil` for a layer that no run meets.
  func seconds(
    _ choice: LayerChoice, activation: ActivationQuantization?,
    weight: () throws(GraphError) -> QuantizedWeight?
  ) throws(RunError) -> Double? {
    guard let layer = layers[choice.layer.name], let types = types[layer.name],
      let alone = LayerAlone(layer, in: graph, types: types)
    else { return nil }
    let key = "\(choice.scheme) \(layer.node.op) \(layer.node.attributes) \(layer.dims) \(types) \(layer.isDirect)"
    if let seconds = known[key] { return seconds }
    var graph = alone.graph
    do throws(GraphError) {
      if let weight = try weight() {
        graph = QuantizedCopy.make(
          of: graph, [(LayerChoice(alone.layer, wanted: choice.scheme), weight)],
          activations: activation.map { [alone.layer.activation: $0] } ?? [:])
      } else if choice.scheme == .f16 {
        graph.initializers[layer.weight] = HalfWeights.narrowed(graph.initializers[layer.weight]!).tensor
      }
    } catch {
      throw .graph(error)
    }
    let seconds = try time(graph, alone.inputs)
    known[key] = seconds
    return seconds
  }

  /// By layer, before and after.
  public func times(
    of choices: [LayerChoice], activations: [String: ActivationQuantization]
  ) throws(RunError) -> [String: CallTime] {
    var times: [String: CallTime] = [:]
    for choice in choices {
      let asItIs = LayerChoice(choice.layer, wanted: .f32)
      guard
        let before = try seconds(asItIs, activation: nil, weight: { () throws(GraphError) in nil }),
        let after = try seconds(
          choice, activation: activations[choice.layer.activation],
          weight: { () throws(GraphError) in try choice.quantized(graph.initializers[choice.layer.weight]!) })
      else { continue }
      times[choice.layer.name] = CallTime(before: before, after: after)
    }
    return times
  }

  private func time(_ graph: Graph, _ types: [String: TensorType]) throws(RunError) -> Double {
    let plan = try planner.plan(graph, inputs: types)
    let inputs = types.mapValues { type in
      let byteCount = type.dims.flatMap(Tensor.elementCount).flatMap(type.elementType.byteCount) ?? 0
      return Tensor(
        type.elementType, dims: type.dims ?? [],
        storage: ByteStorage(byteCount: byteCount) { $0.initializeMemory(as: UInt8.self, repeating: 0) })
    }
    var benchmark = try Benchmark(plan, inputs: inputs)
    let first = try benchmark.times(runs: 1, warmup: 1).minimum / 1e3
    if first > Self.enough { return first }
    return min(first, try benchmark.times(runs: Self.runs, warmup: 0).minimum / 1e3)
  }
}

extension LayerChoice {
  /// - weight: the layer's; `nil` where the scheme leaves it in floats.
  func quantized(_ weight: Tensor) throws(GraphError) -> QuantizedWeight? {
    switch scheme {
    case .f32, .f16: nil
    case .w4: try BlockQuantization.quantize(weight, axis: layer.reducedAxis, name: layer.weight)
    case .w8, .w8a8, .w8a8Dynamic:
      try ChannelQuantization.quantize(weight, axis: layer.channelAxis, name: layer.weight)
    }
  }
}
