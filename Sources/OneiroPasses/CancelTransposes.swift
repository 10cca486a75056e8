import OneiroGraph

/// Transpose(Transpose(x))  →  one Transpose, or x where the second undoes the first
///
///     x ── Transpose p ── t ── Transpose q ── y        →        x ── Transpose p∘q ── y
///
/// The first one stays for its other readers, if it has any.
struct CancelTransposes: RewriteRule {
  let name = "cancel-transposes"
  let summary = "Transpose(Transpose(x)) -> Transpose(x), or x"
  let targets: Set<String> = ["Transpose"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.op == OpIdentifier("Transpose"), let first = graph.producer(of: node.inputs[0]),
      first.op == OpIdentifier("Transpose"), let rank = graph.dims(node.inputs[0])?.count,
      graph.constant(first.inputs[0]) == nil
    else { return nil }
    let inner = first.permutation(rank: rank), outer = node.permutation(rank: rank)
    guard inner.count == rank, outer.count == rank, outer.allSatisfy(inner.indices.contains) else { return nil }
    let order = outer.map { inner[$0] }
    var patch = GraphPatch("\(node.label) behind \(first.label)")
    if graph.onlyReader(of: node.inputs[0]) != nil { patch.remove(first) }
    patch.remove(node)
    if order == Array(0..<rank) {
      patch.add(
        Node("Identity", name: node.name, inputs: [first.inputs[0]], outputs: node.outputs, metadata: node.metadata))
    } else {
      patch.addTranspose(first.inputs[0], order, node.outputs[0], like: node)
    }
    return patch
  }
}
