import OneiroGraph

/// The graph of a band while it is written: its nodes, the types of its values, and what is known of them.
struct BandGraph {
  private(set) var nodes: [Node] = []
  var types: [String: TensorType] = [:]
  private(set) var constants: [String: Tensor] = [:]

  mutating func add(_ node: Node, _ type: TensorType) {
    nodes.append(node)
    types[node.outputs[0]] = type
  }

  /// - Returns: the name.
  mutating func constant(_ name: String, _ tensor: Tensor) -> String {
    constants[name] = tensor
    types[name] = TensorType(tensor.elementType, dims: tensor.dims)
    return name
  }

  func graph(_ name: String, inputs: [(name: String, type: TensorType)], output: (name: String, type: TensorType))
    -> Graph
  {
    var graph = Graph(
      name, inputs: inputs.map { ValueInfo($0.name, .tensor($0.type)) },
      outputs: [ValueInfo(output.name, .tensor(output.type))], nodes: nodes)
    for name in constants.keys.sorted() { graph.addInitializer(name, constants[name]!) }
    return graph
  }
}
