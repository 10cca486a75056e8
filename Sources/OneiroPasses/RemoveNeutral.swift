import OneiroGraph

/// x / 1, x * 1, and a Cast to the type that x has  →  x
///
/// Exporters write them where a framework multiplies by a factor that happens to be one. The Identity that is left is a
/// view, which costs nothing.
struct RemoveNeutral: RewriteRule {
  let name = "remove-neutral"
  let summary = "x / 1, x * 1, Cast to the same type -> x"
  let targets: Set<String> = ["Cast", "Div", "Mul"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain.isEmpty, let x = unchanged(node, graph), graph.constant(x) == nil, let type = graph.types[x],
      type == graph.types[node.outputs[0]]
    else { return nil }
    var patch = GraphPatch("\(node.label) changes nothing")
    patch.remove(node)
    patch.add(Node("Identity", name: node.name, inputs: [x], outputs: node.outputs, metadata: node.metadata))
    return patch
  }

  private func unchanged(_ node: Node, _ graph: GraphIndex) -> String? {
    switch node.opType {
    case "Cast": return node.inputs[0]
    case "Div": return graph.scalar(node.inputs[1]) == 1 ? node.inputs[0] : nil
    default:
      guard let (x, factor) = graph.withScalar(node), factor == 1 else { return nil }
      return x
    }
  }
}
