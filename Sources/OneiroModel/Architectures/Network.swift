import OneiroGraph

/// A network as an architecture builder writes it: a graph in ONNX's operators, and the weights that it reads, which
/// stay in the checkpoint until somebody asks for them.
public struct Network: Sendable {
  public struct Weight: Sendable {
    /// The initializer's name in the graph. Follows the checkpoint's name.
    public let name: String
    public let tensor: CheckpointTensor
  }

  /// Without the weights. Small tables that belong to the architecture (timestep frequencies, shapes) are in it.
  public let graph: Graph
  /// In the order in which the nodes read them.
  public let weights: [Weight]

  /// The whole network in memory, weights of 16 bits as the checkpoint has them.
  public func model() throws(GraphError) -> Model {
    var graph = graph
    for weight in weights {
      let isNarrow = NarrowStorage.types.contains(weight.tensor.elementType)
      let tensor =
        try isNarrow ? weight.tensor.read().widening() : weight.tensor.converted(to: .float32, name: weight.name).read()
      graph.addInitializer(weight.name, tensor)
    }
    return Model(graph: graph)
  }

  /// Numbers in the weights, all together.
  public var parameterCount: Int { weights.reduce(0) { $0 + (Tensor.elementCount($1.tensor.dims) ?? 0) } }
}
