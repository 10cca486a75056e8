import OneiroGraph

/// A graph with some of its layers as choices want them, in memory: to be measured, not to be written.
package enum QuantizedCopy {
  /// - layers: what stands for initializers of `graph`, by layer.
  /// - activations: for the values that layers of scheme `w8a8` read.
  package static func make(
    of graph: Graph, _ layers: [(choice: LayerChoice, weight: ReducedWeight)],
    activations: [String: ActivationQuantization]
  ) -> Graph {
    var names = FreshNames(graph.allNames), result = graph
    var weights: [String: WrittenWeight] = [:]
    for (choice, weight) in layers where weights[choice.layer.weight] == nil {
      let name = choice.layer.weight
      let tensors = weight.tensors
      let written = WrittenWeight(weight, of: name, at: Array(tensors.indices), &names)
      weights[name] = written
      result.removeInitializers { $0 == name }
      for place in written.places { result.addInitializer(place.name, tensors[place.index]) }
    }
    var rewriting = NodeRewriting(activations, weights, names)
    let byNode = Dictionary(layers.map { ($0.choice.layer.index, $0.choice) }, uniquingKeysWith: { first, _ in first })
    result.nodes =
      weights.values.compactMap(\.dequantizer)
      + graph.nodes.enumerated().flatMap { rewriting.nodes(for: $1, byNode[$0]) }
    for (name, tensor) in rewriting.initializers { result.addInitializer(name, tensor) }
    return result
  }
}
