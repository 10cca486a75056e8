import OneiroGraph

/// 0.5 * x * (1 + Erf(x / sqrt(2)))  →  Gelu(x)
///
///     x ─┬─ Div sqrt(2) ── Erf ── Add 1 ─┐
///        └────────────────────────────── Mul ── Mul 0.5 ── y        →        x ── Gelu ── y
///
/// The division may be a multiplication by its inverse, and the half may stand before the product.
struct FuseGelu: RewriteRule {
  let name = "fuse-gelu"
  let summary = "0.5 * x * (1 + Erf(x / sqrt(2))) -> Gelu(x)"
  let targets: Set<String> = ["Erf"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard let scale = graph.producer(of: node.inputs[0]), graph.onlyReader(of: scale.outputs[0]) != nil,
      let x = scaledByRootOfHalf(scale, graph),
      let add = graph.onlyReader(of: node.outputs[0]), add.op == OpIdentifier("Add"),
      let (_, one) = graph.withScalar(add), one == 1,
      let product = graph.onlyReader(of: add.outputs[0]), product.op == OpIdentifier("Mul"),
      let factor = graph.other(product, than: add.outputs[0])
    else { return nil }
    var patch = GraphPatch("\(node.label) is the Erf of a Gelu")
    if factor == x {
      guard let half = graph.onlyReader(of: product.outputs[0]), isHalf(half, graph) else { return nil }
      patch.remove(scale, node, add, product, half)
      patch.add(gelu(x, half))
    } else {
      guard let half = graph.producer(of: factor), half.inputs.contains(x), isHalf(half, graph),
        graph.onlyReader(of: factor) != nil
      else { return nil }
      patch.remove(scale, node, add, half, product)
      patch.add(gelu(x, product))
    }
    return patch
  }

  private func gelu(_ x: String, _ last: Node) -> Node {
    Node("Gelu", name: last.name, inputs: [x], outputs: last.outputs, metadata: last.metadata)
  }

  private func isHalf(_ node: Node, _ graph: GraphIndex) -> Bool {
    switch node.opType {
    case "Mul": graph.withScalar(node)?.scalar == 0.5
    case "Div": graph.scalar(node.inputs[1]) == 2
    default: false
    }
  }

  /// The value that `node` divides by the square root of 2.
  private func scaledByRootOfHalf(_ node: Node, _ graph: GraphIndex) -> String? {
    let root = 2.0.squareRoot()
    switch node.opType {
    case "Div":
      guard let divisor = graph.scalar(node.inputs[1]), abs(divisor - root) < 1e-6 else { return nil }
      return node.inputs[0]
    case "Mul":
      guard let (x, factor) = graph.withScalar(node), abs(factor - 1 / root) < 1e-6 else { return nil }
      return x
    default: return nil
    }
  }
}
