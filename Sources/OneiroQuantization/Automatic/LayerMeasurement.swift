import OneiroGraph
import OneiroRuntime

/// Measures what there is for each layer of a graph: the noise that the layer makes alone in each scheme, by running the
/// graph from there on, and, where the goal is about time, how long it takes alone, in all schemes in turns.
struct LayerMeasurement {
  /// What there is for a layer.
  struct Result {
    /// The layer as it is included, unless a scheme is as exact for less.
    let options: [LayerOption]
    /// Of the layer as it is, as options have their costs.
    let costBefore: Double
    /// Schemes that do not hold the layer's weight.
    let refused: [RefusedScheme]
  }

  let outputs: OutputNoise
  let goal: ChoiceGoal
  /// `nil` where times do not count.
  let timer: LayerTimer?
  let activations: [String: ActivationQuantization]

  private var graph: Graph { outputs.graph }

  /// The share of the graph that is run to measure a layer: what comes behind a node.
  static func share(from start: Int, of graph: Graph) -> Double { 1 - Double(start) / Double(graph.nodes.count) }

  /// - progress: is told of each layer that has been measured, and what share of the work is done.
  /// - Returns: in the order of the layers.
  func results(
    for layers: [QuantizableLayer], progress: (_ done: Int, _ total: Int, _ share: Double) -> Void
  ) throws(RunError) -> [Result] {
    var rest = GraphRest(graph, calls: outputs.sample.map { outputs.calls[$0] }, planner: outputs.planner)
    let starts = layers.map { rest.start(of: $0) }
    let work = starts.map { Self.share(from: $0, of: graph) }
    let order = layers.indices.sorted { (starts[$0], $0) < (starts[$1], $1) }
    let allWork = order.reduce(0) { $0 + work[$1] }
    var found = [Result?](repeating: nil, count: layers.count), doneWork = 0.0
    for (done, index) in order.enumerated() {
      found[index] = try result(for: layers[index], &rest)
      doneWork += work[index]
      progress(done + 1, layers.count, doneWork / allWork)
    }
    return found.map { $0! }
  }

  /// - rest: the graph, from where the layer's weight is read on or from before that.
  private func result(for layer: QuantizableLayer, _ rest: inout GraphRest) throws(RunError) -> Result {
    let weight = graph.initializers[layer.weight]!
    var choices = [LayerChoice(layer, wanted: .f32)], reduced: [ReducedWeight?] = [nil]
    var refused: [RefusedScheme] = []
    for scheme in goal.schemes where scheme != .f32 {
      let choice = LayerChoice(layer, wanted: scheme)
      guard choice.scheme == scheme, scheme != .w8a8 || activations[layer.activation] != nil,
        scheme != .f16 || !weight.isNarrow
      else { continue }
      let made: ReducedWeight?
      do throws(GraphError) { made = try choice.reduced(weight) } catch { throw .graph(error) }
      guard let made, let form = WeightForm(choice) else { continue }
      if let fault = WeightRange.fault(weight, name: layer.weight, form, made.noise) {
        refused.append(RefusedScheme(scheme: scheme, reason: fault))
        continue
      }
      choices.append(choice)
      reduced.append(made)
    }
    let times = try timer?.times(of: choices, activation: activations[layer.activation]) { reduced }
    // A layer that no run meets cannot be faster.
    if goal.needsTimes, times == nil {
      let asItIs = LayerOption(
        choice: choices[0], noise: 0, byteCount: weight.storedByteCount, times: nil, weight: nil)
      return Result(options: [asItIs], costBefore: asItIs.cost(goal), refused: refused)
    }
    var options: [LayerOption] = []
    for (index, choice) in choices.enumerated() {
      // What is not faster than the layer as it is need not be measured.
      if let times, index > 0, !times[index].isFaster(than: times[0]) { continue }
      var option = LayerOption(
        choice: choice, noise: 0, byteCount: weight.storedByteCount, times: times?[index], weight: reduced[index])
      if let weight = option.weight {
        try rest.advance(to: rest.start(of: layer))
        option.noise = try outputs.noise(of: choice, weight, activations, rest)
        option.byteCount = weight.byteCount
      }
      options.append(option)
    }
    // The first one, in which nothing is rounded.
    let costBefore = options[0].cost(goal)
    guard goal.needsTimes else { return Result(options: options, costBefore: costBefore, refused: refused) }
    let worthwhile = Candidate.worthwhile(
      options.compactMap { option in
        option.times.map { Candidate(noise: option.noise, byteCount: option.byteCount, times: $0) }
      })
    return Result(options: worthwhile.map { options[$0] }, costBefore: costBefore, refused: refused)
  }
}
