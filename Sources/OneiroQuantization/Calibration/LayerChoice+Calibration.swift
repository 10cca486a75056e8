import OneiroGraph
import OneiroRuntime

extension Calibration {
  /// Ranges of the activations that layers of scheme `w8a8` read. A layer whose activation no run shows gets `w8`.
  /// - graph: `LoadedModel.graph` of the graph that the choices are for.
  public func ranges(
    for choices: [LayerChoice], in graph: Graph, method: RangeMethod, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> (choices: [LayerChoice], activations: [String: ActivationQuantization]) {
    let wanted = Set(choices.filter(\.scheme.needsCalibration).map(\.layer.activation))
    let histograms = try histograms(of: wanted, in: graph, planner: planner, progress: progress)
    let activations = histograms.mapValues(method.quantization)
    let settled = choices.map { choice in
      guard choice.scheme.needsCalibration, activations[choice.layer.activation] == nil else { return choice }
      return LayerChoice(
        choice.layer, wanted: choice.wanted, scheme: .w8, reason: "its activation is not seen in a run")
    }
    return (settled, activations)
  }
}
