import OneiroGraph

/// How a file says that a float32 tensor is kept in a narrower type: as an initializer of that type with a Cast behind
/// it, which every reader of ONNX understands. The counterpart of `Graph.takeInWidening`.
extension Graph {
  /// Whether this graph or a body in it has an initializer that is written so.
  var widensTensors: Bool {
    let inputNames = Set(inputs.map(\.name))
    return initializers.contains { $0.value.isNarrow && !inputNames.contains($0.key) }
      || nodes.contains { $0.bodies.contains { $0.graph.widensTensors } }
  }

  /// The graph with "w" of float32, kept as float16, turned into "w_float16" of float16 and a node that makes "w" of
  /// it. The default of an input stays as it is, as no node may write an input. Bodies stay as they are.
  func withWideningAsNodes() -> Graph {
    let inputNames = Set(inputs.map(\.name))
    let narrow = orderedInitializers.filter { $0.tensor.isNarrow && !inputNames.contains($0.name) }
    guard !narrow.isEmpty else { return self }
    var used = allNames
    var storedNames: [String: String] = [:]
    var casts: [Node] = []
    var graph = self
    for (name, tensor) in narrow {
      let stored = tensor.asStored
      var storedName = "\(name)_\(stored.elementType.name)"
      while !used.insert(storedName).inserted { storedName += "_" }
      storedNames[name] = storedName
      graph.initializers[name] = nil
      graph.initializers[storedName] = stored
      casts.append(
        Node(
          "Cast", name: name, inputs: [storedName], outputs: [name],
          attributes: ["to": .int(Int64(ElementType.float32.rawValue))]))
    }
    graph.initializerOrder = orderedInitializers.map { storedNames[$0.name] ?? $0.name }
    graph.nodes = casts + nodes
    return graph
  }
}
