import OneiroGraph

/// a * Gelu(b) for the halves a, b of x along its last axis  →  ai.oneiro.GEGLU(x)
///
///     x ── Split ─┬─ a ────────── Mul ── y        →        x ── GEGLU ── y
///                 └─ b ── Gelu ───┘
///
/// The halves may also be two Slices, as `chunk` is exported. Stands back when somebody else reads a half.
struct FuseGEGLU: RewriteRule {
  let name = "fuse-geglu"
  let summary = "Split, Gelu of the second half, Mul -> GEGLU(x)"
  let targets: Set<String> = ["Gelu"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let gate = node.inputs[0]
    guard node.op == OpIdentifier("Gelu"), graph.types[gate]?.elementType == .float32,
      graph.onlyReader(of: gate) != nil,
      let product = graph.onlyReader(of: node.outputs[0]), product.op == OpIdentifier("Mul"),
      let value = graph.other(product, than: node.outputs[0]), value != gate, graph.onlyReader(of: value) != nil,
      let (x, parts) = halves(value, gate, graph)
    else { return nil }
    var patch = GraphPatch("\(node.label) opens the gate of a GEGLU")
    patch.remove(parts[0])
    if parts.count > 1 { patch.remove(parts[1]) }
    patch.remove(node, product)
    patch.add(
      Node(
        "GEGLU", domain: Model.oneiroDomain, name: product.name, inputs: [x], outputs: product.outputs,
        attributes: node.attributes, metadata: product.metadata))
    return patch
  }

  /// What `first` and `second` are the halves of, and the nodes that cut it.
  private func halves(_ first: String, _ second: String, _ graph: GraphIndex) -> (x: String, parts: [Node])? {
    guard let one = graph.producer(of: first), let other = graph.producer(of: second), let x = one.inputs.first,
      other.inputs.first == x, let dims = graph.dims(x), let width = dims.last, width % 2 == 0,
      graph.dims(first) == dims.dropLast() + [width / 2], graph.dims(second) == graph.dims(first)
    else { return nil }
    if one.op == OpIdentifier("Split"), one.key == other.key, one.outputs == [first, second],
      one.axis("axis", default: 0, rank: dims.count) == dims.count - 1
    {
      return (x, [one])
    }
    guard starts(one, at: 0, rank: dims.count, graph), starts(other, at: width / 2, rank: dims.count, graph) else {
      return nil
    }
    return (x, [one, other])
  }

  /// Whether the node is a Slice of the last axis alone, in steps of 1 from `start` on.
  private func starts(_ node: Node, at start: Int, rank: Int, _ graph: GraphIndex) -> Bool {
    guard node.op == OpIdentifier("Slice"), node.inputs.count >= 4,
      let starts = graph.constant(node.inputs[1])?.int64s(), let axes = graph.constant(node.inputs[3])?.int64s(),
      starts == [Int64(start)], axes == [-1] || axes == [Int64(rank - 1)]
    else { return false }
    return node.inputs.count < 5 || node.inputs[4].isEmpty || graph.constant(node.inputs[4])?.int64s() == [1]
  }
}
