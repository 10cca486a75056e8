import OneiroGraph

/// x * Sigmoid(x)  →  ai.oneiro.SiLU(x), one walk over memory instead of two.
///
///     x ─┬─ Sigmoid ── s ─┐
///        └─────────────── Mul ── y        →        x ── SiLU ── y
///
/// Stands back when `s` has a second reader or is a graph output.
struct FuseSiLU: RewriteRule {
  let name = "fuse-silu"
  let summary = "x * Sigmoid(x) -> SiLU(x)"
  let targets: Set<String> = ["Sigmoid"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let x = node.inputs[0], s = node.outputs[0]
    guard graph.types[x]?.elementType == .float32, let mul = graph.onlyReader(of: s), mul.op == OpIdentifier("Mul"),
      graph.other(mul, than: s) == x
    else { return nil }
    var patch = GraphPatch("\(node.label) times its own input")
    patch.remove(node, mul)
    patch.add(
      Node(
        "SiLU", domain: Model.oneiroDomain, name: mul.name, inputs: [x], outputs: mul.outputs, metadata: mul.metadata))
    return patch
  }
}
