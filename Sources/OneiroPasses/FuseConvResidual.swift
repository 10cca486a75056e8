import OneiroGraph

/// Conv(x, W, b) + z  →  ai.oneiro.FusedConv(x, W, b, z)
///
///     x ── Conv ── c ── Add z ── y        →        x ── FusedConv z ── y
///
/// z has c's shape, or is [N, M, 1, 1]: what a network adds to each channel. Of two convolutions that are added, the
/// later takes in the other. Stands back when `c` has a second reader or is a graph output.
struct FuseConvResidual: RewriteRule {
  let name = "fuse-conv-residual"
  let summary = "Conv(x, W, b) + z -> FusedConv(x, W, b, z)"
  let targets: Set<String> = ["Add"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.op == OpIdentifier("Add"), node.inputs.count == 2, node.inputs[0] != node.inputs[1],
      graph.types[node.outputs[0]]?.elementType == .float32
    else { return nil }
    let found = node.inputs.compactMap { convolution(of: $0, graph) }.max { $0.position < $1.position }
    guard let (conv, _) = found, let z = graph.other(node, than: conv.outputs[0]),
      let inputs = conv.inputs(adding: z, to: "Conv"), let dims = graph.dims(conv.outputs[0]),
      graph.dims(node.outputs[0]) == dims, let added = graph.dims(z),
      added == dims || added == dims.prefix(2) + [Int](repeating: 1, count: max(dims.count - 2, 0))
    else { return nil }
    var patch = GraphPatch("\(conv.label) and what \(node.label) adds")
    patch.remove(conv, node)
    patch.add(
      Node(
        conv.fusedType, domain: Model.oneiroDomain, name: conv.name, inputs: inputs, outputs: node.outputs,
        attributes: conv.attributes, metadata: conv.metadata))
    return patch
  }

  private func convolution(of value: String, _ graph: GraphIndex) -> (node: Node, position: Int)? {
    guard let node = graph.producer(of: value), node.inputs(adding: value, to: "Conv") != nil,
      graph.onlyReader(of: value) != nil,
      let position = graph.position(of: value)
    else { return nil }
    return (node, position)
  }
}
