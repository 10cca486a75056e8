import OneiroGraph
import OneiroOps

/// A node that computes what another one computed before  →  a view of that one's result
///
///     x ─┬─ Relu ── a        →        x ── Relu ── a ── Identity ── b
///        └─ Relu ── b
///
/// Operator, attributes and inputs have to be the same; nodes with bodies and random ones are left alone.
struct ShareCommonSubexpressions: RewriteRule {
  let name = "share-common-subexpressions"
  let summary = "the same operator on the same values twice -> once"
  /// Any operator.
  let targets: Set<String> = Set(Operators.all.map { $0.schema.op.opType }).subtracting(TypeInference.random)

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.outputs.count == 1, node.opType != "Identity", node.bodies.isEmpty,
      let input = node.inputs.first(where: { !$0.isEmpty }), let own = node.key.flatMap(graph.position),
      let earlier = graph.readers(of: input).first(where: { $0 < own && isSame(graph.graph.nodes[$0], as: node) })
    else { return nil }
    let other = graph.graph.nodes[earlier]
    var patch = GraphPatch("\(node.label) computes what \(other.label) does")
    patch.remove(node)
    patch.add(
      Node("Identity", name: node.name, inputs: [other.outputs[0]], outputs: node.outputs, metadata: node.metadata))
    return patch
  }

  private func isSame(_ other: Node, as node: Node) -> Bool {
    guard other.op == node.op, other.inputs == node.inputs, other.outputs.count == 1,
      other.attributes.keys.sorted() == node.attributes.keys.sorted()
    else { return false }
    // Attributes have no equality of their own; as text they have.
    var twin = other
    twin.outputs = node.outputs
    return GraphText.print(twin) == GraphText.print(node)
  }
}
