import OneiroGraph
import OneiroRuntime

extension Calibration {
  /// Ranges of the activations that layers of scheme `w8a8` read. A layer gets `w8` whose activation no run shows, or
  /// whose range no scale stands for.
  /// - graph: `LoadedModel.graph` of the graph that the choices are for.
  public func ranges(
    for choices: [LayerChoice], in graph: Graph, method: RangeMethod, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> (choices: [LayerChoice], activations: [String: ActivationQuantization]) {
    let layers = choices.filter(\.scheme.needsCalibration).map(\.layer)
    // What they make is looked at too: where their sums overflow, no range of anything behind them means something.
    let histograms = try histograms(
      of: Set(layers.map(\.activation)), finite: Set(layers.map { $0.node.outputs[0] }), in: graph, planner: planner,
      progress: progress)
    let activations = histograms.filter(\.value.isInRange).mapValues(method.quantization)
    let settled = choices.map { choice in
      let name = choice.layer.activation
      guard choice.scheme.needsCalibration, activations[name] == nil else { return choice }
      let reason =
        histograms[name].map { "no scale of bytes stands for \($0.low) ... \($0.high), as in \"\(name)\"" }
        ?? "its activation is not seen in a run"
      return LayerChoice(
        choice.layer, wanted: choice.wanted, scheme: .w8, reason: reason, isOutOfRange: histograms[name] != nil)
    }
    return (settled, activations)
  }
}
