import OneiroGraph
import OneiroRuntime

/// How long layers take by themselves, on this machine, with a planner's kernels: in several schemes, in turns. Layers
/// that are alike are timed once.
public final class LayerTimer {
  private let planner: Planner
  private let types: [String: [TensorType?]]
  private let graph: Graph
  private let layers: [String: QuantizableLayer]
  private var known: [String: [TurnTimes]] = [:]

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

  /// Times of one call of a layer in several schemes.
  /// - choices: for one layer of the graph, by name.
  /// - weights: what becomes of its weight in each of them, `nil` where it stays as it is; asked for if a layer like
  ///   this was not timed before.
  /// - Returns: one for each choice; `nil` for a layer that no run meets.
  func times(
    of choices: [LayerChoice], activation: ActivationQuantization?,
    weights: () throws(GraphError) -> [ReducedWeight?]
  ) throws(RunError) -> [TurnTimes]? {
    guard let name = choices.first?.layer.name, let layer = layers[name], let types = types[name],
      let alone = LayerAlone(layer, in: graph, types: types)
    else { return nil }
    let schemes = choices.map(\.scheme.rawValue).joined(separator: " ")
    let key = "\(schemes) \(layer.node.op) \(layer.node.attributes) \(layer.dims) \(types) \(layer.isDirect)"
    if let times = known[key] { return times }
    let activations = activation.map { [alone.layer.activation: $0] } ?? [:]
    let reduced: [ReducedWeight?]
    do throws(GraphError) { reduced = try weights() } catch { throw .graph(error) }
    let graphs = zip(choices, reduced).map { choice, weight -> Graph in
      guard let weight else { return alone.graph }
      return QuantizedCopy.make(
        of: alone.graph, [(LayerChoice(alone.layer, wanted: choice.scheme), weight)], activations: activations)
    }
    let times = try Turns.times(of: graphs) { (graph) throws(RunError) in
      LayerBenchmark(try benchmark(graph, alone.inputs))
    } run: { (layer) throws(RunError) in
      try layer.seconds()
    }
    known[key] = times
    return times
  }

  /// By layer, before and after.
  public func times(
    of choices: [LayerChoice], activations: [String: ActivationQuantization]
  ) throws(RunError) -> [String: CallTime] {
    var times: [String: CallTime] = [:]
    for choice in choices {
      guard
        let found = try self.times(
          of: [LayerChoice(choice.layer, wanted: .f32), choice], activation: activations[choice.layer.activation],
          weights: { () throws(GraphError) in [nil, try choice.reduced(graph.initializers[choice.layer.weight]!)] })
      else { continue }
      times[choice.layer.name] = CallTime(before: found[0].median, after: found[1].median)
    }
    return times
  }

  private func benchmark(_ graph: Graph, _ types: [String: TensorType]) throws(RunError) -> Benchmark {
    let inputs = types.mapValues { type in
      let byteCount = type.dims.flatMap(Tensor.elementCount).flatMap(type.elementType.byteCount) ?? 0
      return Tensor(
        type.elementType, dims: type.dims ?? [],
        storage: ByteStorage(byteCount: byteCount) { $0.initializeMemory(as: UInt8.self, repeating: 0) })
    }
    return try Benchmark(try planner.plan(graph, inputs: types), inputs: inputs)
  }
}

/// A layer that is ready to run, to be held beside others.
private final class LayerBenchmark {
  private var benchmark: Benchmark

  init(_ benchmark: consuming Benchmark) { self.benchmark = benchmark }

  func seconds() throws(RunError) -> Double { try benchmark.times(runs: 1, warmup: 0).minimum / 1e3 }
}
