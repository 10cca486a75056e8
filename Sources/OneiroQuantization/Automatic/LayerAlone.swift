import OneiroGraph
import OneiroRuntime

/// A graph of one layer: its node, what turns its weight, and constants; all else that it reads is an input.
struct LayerAlone {
  let graph: Graph
  let layer: QuantizableLayer
  let inputs: [String: TensorType]

  /// - types: of the inputs of the layer's node as a run has them, in order.
  /// - Returns: `nil` where one of them is not known.
  init?(_ layer: QuantizableLayer, in graph: Graph, types: [TensorType?]) {
    let producers = Dictionary(
      graph.nodes.flatMap { node in node.outputs.map { ($0, node) } }, uniquingKeysWith: { first, _ in first })
    var nodes = [layer.node], initializers: [String: Tensor] = [:], inputs: [String: TensorType] = [:]
    for (index, name) in layer.node.inputs.enumerated() where !name.isEmpty {
      if let tensor = graph.initializers[name] {
        initializers[name] = tensor
      } else if index == layer.weightInput {
        // Transposes and identities, up to the initializer.
        var source = name
        while let node = producers[source], source != layer.weight {
          nodes.insert(node, at: 0)
          source = node.inputs[0]
        }
        guard let tensor = graph.initializers[source] else { return nil }
        initializers[source] = tensor
      } else {
        guard index < types.count, let type = types[index], type.dims != nil else { return nil }
        inputs[name] = type
      }
    }
    let alone = Graph(
      layer.name, inputs: inputs.sorted { $0.key < $1.key }.map { ValueInfo($0.key, .tensor($0.value)) },
      outputs: [ValueInfo(layer.node.outputs[0], nil)], nodes: nodes, initializers: initializers)
    guard let own = QuantizableLayer.all(in: alone).first(where: { $0.name == layer.name }) else { return nil }
    (self.graph, self.layer, self.inputs) = (alone, own, inputs)
  }
}
