import OneiroGraph

/// 0.5 * x * (1 + Tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))  →  Gelu <approximate = "tanh"> (x)
///
///     x ─┬─ Pow 3 ── Mul 0.044715 ── Add x ── Mul 0.7979 ── Tanh ── Add 1 ─┐
///        └─ Mul 0.5 ────────────────────────────────────────────────────── Mul ── y
///
/// The cube may be x * x * x, and the half may stand behind the product.
struct FuseGeluTanh: RewriteRule {
  let name = "fuse-gelu-tanh"
  let summary = "0.5 * x * (1 + Tanh(0.798 * (x + 0.0447 * x^3))) -> Gelu(x)"
  let targets: Set<String> = ["Tanh"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard let outer = graph.producer(of: node.inputs[0]), outer.op == OpIdentifier("Mul"),
      let (sum, factor) = graph.withScalar(outer), abs(factor - 0.7978845608) < 1e-4,
      let add = graph.producer(of: sum), add.op == OpIdentifier("Add"), add.inputs.count == 2,
      let (x, cubic) = cubic(add, graph),
      let one = graph.onlyReader(of: node.outputs[0]), one.op == OpIdentifier("Add"),
      graph.withScalar(one)?.scalar == 1,
      let product = graph.onlyReader(of: one.outputs[0]), product.op == OpIdentifier("Mul"),
      let other = graph.other(product, than: one.outputs[0]), graph.types[x]?.elementType == .float32
    else { return nil }
    let inside = [outer, add] + cubic
    guard inside.allSatisfy({ graph.onlyReader(of: $0.outputs[0]) != nil }) else { return nil }
    var patch = GraphPatch("\(node.label) is the Tanh of a Gelu")
    for part in inside { patch.remove(part) }
    patch.remove(node, one, product)
    let last: Node
    if other == x {
      guard let half = graph.onlyReader(of: product.outputs[0]), half.op == OpIdentifier("Mul"),
        graph.withScalar(half)?.scalar == 0.5
      else { return nil }
      patch.remove(half)
      last = half
    } else {
      guard let half = graph.producer(of: other), half.op == OpIdentifier("Mul"),
        let (halved, scalar) = graph.withScalar(half), halved == x, scalar == 0.5, graph.onlyReader(of: other) != nil
      else { return nil }
      patch.remove(half)
      last = product
    }
    patch.add(
      Node(
        "Gelu", name: last.name, inputs: [x], outputs: last.outputs,
        attributes: ["approximate": .string(Array("tanh".utf8))], metadata: last.metadata))
    return patch
  }

  /// For x + 0.044715 * x^3: x, and the nodes of the second term.
  private func cubic(_ add: Node, _ graph: GraphIndex) -> (x: String, nodes: [Node])? {
    for (x, term) in [(add.inputs[0], add.inputs[1]), (add.inputs[1], add.inputs[0])] {
      guard let scaled = graph.producer(of: term), scaled.op == OpIdentifier("Mul"),
        let (cube, factor) = graph.withScalar(scaled), abs(factor - 0.044715) < 1e-5,
        let power = graph.producer(of: cube)
      else { continue }
      if power.op == OpIdentifier("Pow"), power.inputs[0] == x, graph.scalar(power.inputs[1]) == 3 {
        return (x, [scaled, power])
      }
      guard power.op == OpIdentifier("Mul"), let rest = graph.other(power, than: x),
        let square = graph.producer(of: rest), square.op == OpIdentifier("Mul"), square.inputs == [x, x]
      else { continue }
      return (x, [scaled, power, square])
    }
    return nil
  }
}
