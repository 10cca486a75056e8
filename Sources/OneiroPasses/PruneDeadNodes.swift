import OneiroGraph

/// Nodes that no wanted output depends on → nothing.
public enum PruneDeadNodes {
  /// - outputs: the outputs that are asked for; `nil` for all of them.
  public static func apply(to graph: Graph, keeping outputs: [String]? = nil) -> Graph {
    var result = graph
    if let outputs { result.outputs = outputs.compactMap { name in graph.outputs.first { $0.name == name } } }
    var needed = Set(result.outputs.map(\.name))
    result.nodes = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      for body in node.bodies { needed.formUnion(body.graph.capturedNames) }
      result.nodes.append(node)
    }
    result.nodes.reverse()
    return result
  }
}
