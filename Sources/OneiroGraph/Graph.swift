/// Nodes in topological order, and the values that go in and come out. A subgraph also sees the values of the graphs
/// around it.
public struct Graph: Sendable {
  public var name: String
  public var nodes: [Node]
  public var inputs: [ValueInfo]
  public var outputs: [ValueInfo]
  /// Constants by name. An initializer with the name of an input is that input's default.
  public var initializers: [String: Tensor]
  /// The order in which a file lists the initializers, so that writing keeps it.
  public var initializerOrder: [String]
  public var sparseInitializers: [String: SparseTensor]
  /// Types that a file states for values inside the graph.
  public var valueInfos: [String: ValueType]
  public var docString: String
  public var metadata: [String: String]

  public init(
    _ name: String, inputs: [ValueInfo] = [], outputs: [ValueInfo] = [], nodes: [Node] = [],
    initializers: [String: Tensor] = [:]
  ) {
    self.name = name
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    self.initializers = initializers
    initializerOrder = initializers.keys.sorted()
    sparseInitializers = [:]
    valueInfos = [:]
    docString = ""
    metadata = [:]
  }

  public mutating func addInitializer(_ name: String, _ tensor: Tensor) {
    if initializers.updateValue(tensor, forKey: name) == nil { initializerOrder.append(name) }
  }

  /// Takes out the initializers whose names fit.
  public mutating func removeInitializers(where fits: (String) -> Bool) {
    initializerOrder.removeAll(where: fits)
    for name in initializers.keys.filter(fits) { initializers[name] = nil }
  }

  /// Inputs that a caller has to give: those without an initializer.
  public var requiredInputs: [ValueInfo] { inputs.filter { initializers[$0.name] == nil } }

  /// Names of the surrounding graphs' values that this graph and the bodies in it read.
  public var capturedNames: Set<String> {
    var defined = Set(inputs.map(\.name)).union(initializers.keys).union(sparseInitializers.keys)
    var captured: Set<String> = []
    for node in nodes {
      captured.formUnion(node.inputs.filter { !$0.isEmpty && !defined.contains($0) })
      for body in node.bodies { captured.formUnion(body.graph.capturedNames.subtracting(defined)) }
      defined.formUnion(node.outputs)
    }
    captured.formUnion(outputs.map(\.name).filter { !defined.contains($0) })
    return captured
  }

  /// Names of values in this graph and the bodies in it.
  public var allNames: Set<String> {
    var names = Set((inputs + outputs).map(\.name)).union(initializers.keys).union(sparseInitializers.keys)
    for node in nodes {
      names.formUnion(node.inputs + node.outputs)
      for body in node.bodies { names.formUnion(body.graph.allNames) }
    }
    return names
  }
}
