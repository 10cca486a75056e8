import OneiroGraph

/// Copies a body's nodes into the graph around it, under names that cannot clash.
struct GraphInliner {
  /// Put before every name of the body: "unet/".
  let prefix: String
  /// What the body's own names become. Names that are not in it belong to the surrounding graph.
  private var renamed: [String: String]

  /// - inputs: for each formal input the outer value that stands for it ("" for one left out).
  /// - outputs: for each formal output the outer name it gets ("" for one nobody reads).
  init(prefix: String, formalInputs: [String], inputs: [String], formalOutputs: [String], outputs: [String]) {
    self.prefix = prefix
    renamed = [:]
    for (index, formal) in formalInputs.enumerated() { renamed[formal] = index < inputs.count ? inputs[index] : "" }
    for (formal, outer) in zip(formalOutputs, outputs) where !outer.isEmpty && renamed[formal] == nil {
      renamed[formal] = outer
    }
  }

  /// The nodes with outer names; `locals` are the names that the body defines besides its nodes' outputs
  /// (initializers).
  mutating func inline(_ nodes: [Node], locals: [String], edit: (inout Node) -> Void = { _ in }) -> [Node] {
    for name in locals + nodes.flatMap(\.outputs) where !name.isEmpty && renamed[name] == nil {
      renamed[name] = prefix + name
    }
    return nodes.map { node in
      var copy = rename(node, renamed)
      copy.name = prefix + node.label
      edit(&copy)
      return copy
    }
  }

  func name(_ inner: String) -> String { renamed[inner] ?? inner }

  /// Renames what a node reads and writes, and what its bodies read from outside themselves.
  private func rename(_ node: Node, _ names: [String: String]) -> Node {
    var copy = node
    copy.inputs = node.inputs.map { names[$0] ?? $0 }
    copy.outputs = node.outputs.map { names[$0] ?? $0 }
    copy.attributes = node.attributes.mapValues { value in
      switch value {
      case .graph(let graph): .graph(rename(graph, names))
      case .graphs(let graphs): .graphs(graphs.map { rename($0, names) })
      default: value
      }
    }
    return copy
  }

  private func rename(_ graph: Graph, _ names: [String: String]) -> Graph {
    var visible = names
    // A name defined inside hides the outer one. It is renamed too, since what an outer name becomes might be the same.
    let own = graph.inputs.map(\.name) + graph.initializers.keys + graph.sparseInitializers.keys
    for name in own + graph.nodes.flatMap(\.outputs) where !name.isEmpty { visible[name] = prefix + name }
    func renamed(_ info: ValueInfo) -> ValueInfo {
      ValueInfo(visible[info.name] ?? info.name, info.type, docString: info.docString)
    }
    func renamed<Element>(_ named: [String: Element]) -> [String: Element] {
      named.reduce(into: [:]) { $0[visible[$1.key] ?? $1.key] = $1.value }
    }
    var copy = graph
    copy.nodes = graph.nodes.map { rename($0, visible) }
    copy.inputs = graph.inputs.map(renamed)
    copy.outputs = graph.outputs.map(renamed)
    copy.initializers = renamed(graph.initializers)
    copy.initializerOrder = graph.initializerOrder.map { visible[$0] ?? $0 }
    copy.sparseInitializers = renamed(graph.sparseInitializers)
    copy.valueInfos = renamed(graph.valueInfos)
    return copy
  }
}
