import OneiroGraph
import OneiroRuntime

extension ChoiceGoal {
  /// Refuses a size that no choice of schemes has, before anything is measured.
  /// - graph: `LoadedModel.graph`.
  /// - keep: layers that it says stay as they are.
  /// - Throws: with the least size that there may be.
  public func check(in graph: Graph, keep: LayerSelection) throws(RunError) {
    guard case .withinSize(let byteCount) = self else { return }
    let layers = QuantizableLayer.all(in: graph)
    var least: [String: Int] = [:]
    for choice in keep.choices(for: layers) where choice.scheme != .f32 {
      let forms = schemes.compactMap { WeightForm(LayerChoice(choice.layer, wanted: $0)) }
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
      throw .missedGoal("\(ByteCount(byteCount)) of weights", found: "\(ByteCount(all - saved)) at least")
    }
  }
}
