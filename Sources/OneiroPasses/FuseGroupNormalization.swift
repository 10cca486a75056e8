import OneiroGraph

/// How exporters spell a group normalization of opsets below 18  →  GroupNormalization(x, scale, bias)
///
///     x ── Reshape [N,G,-1] ── InstanceNormalization (1, 0) ── Reshape ── Mul scale ── Add bias ── y
///
/// Scale and bias hold one number a channel. Without them the result stays as it is, with ones and zeros.
struct FuseGroupNormalization: RewriteRule {
  let name = "fuse-group-normalization"
  let summary = "Reshape, InstanceNormalization, Reshape, Mul, Add -> GroupNormalization"
  let targets: Set<String> = ["InstanceNormalization"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.inputs.count == 3, let before = graph.producer(of: node.inputs[0]), before.op == OpIdentifier("Reshape"),
      let after = graph.onlyReader(of: node.outputs[0]), after.op == OpIdentifier("Reshape"),
      graph.onlyReader(of: before.outputs[0]) != nil, isAll(1, node.inputs[1], graph), isAll(0, node.inputs[2], graph)
    else { return nil }
    let x = before.inputs[0]
    guard let dims = graph.dims(x), dims.count >= 3, let grouped = graph.dims(before.outputs[0]), grouped.count >= 3,
      graph.dims(after.outputs[0]) == dims, grouped[0] == dims[0], grouped[1] > 0, dims[1] % grouped[1] == 0,
      let type = graph.types[x]?.elementType, type == .float32
    else { return nil }
    let channels = dims[1]
    var patch = GraphPatch("\(node.label) over \(grouped[1]) groups of channels")
    patch.remove(before, node, after)
    var last = after
    var scale = Tensor([Float](repeating: 1, count: channels), dims: [channels])
    var bias = Tensor([Float](repeating: 0, count: channels), dims: [channels])
    if let (mul, factors) = perChannel("Mul", after: last, channels, rank: dims.count, graph) {
      patch.remove(mul)
      (last, scale) = (mul, factors)
      if let (add, offsets) = perChannel("Add", after: last, channels, rank: dims.count, graph) {
        patch.remove(add)
        (last, bias) = (add, offsets)
      }
    }
    let names = (scale: last.outputs[0] + "#scale", bias: last.outputs[0] + "#bias")
    patch.addInitializer(names.scale, scale)
    patch.addInitializer(names.bias, bias)
    var attributes = ["num_groups": Attribute.int(Int64(grouped[1]))]
    attributes["epsilon"] = node.attributes["epsilon"]
    patch.add(
      Node(
        "GroupNormalization", name: last.name, inputs: [x, names.scale, names.bias], outputs: last.outputs,
        attributes: attributes, metadata: last.metadata))
    return patch
  }

  private func isAll(_ number: Float, _ value: String, _ graph: GraphIndex) -> Bool {
    guard let tensor = graph.constant(value), tensor.elementType == .float32 else { return false }
    return tensor.withElements(of: Float.self) { $0.allSatisfy { $0 == number } }
  }

  /// The only reader of `node`, when it is `opType` with a constant of one number a channel, [C,1,1] or [1,C,1,1].
  private func perChannel(
    _ opType: String, after node: Node, _ channels: Int, rank: Int, _ graph: GraphIndex
  ) -> (Node, Tensor)? {
    let value = node.outputs[0]
    guard let reader = graph.onlyReader(of: value), reader.op == OpIdentifier(opType),
      let constant = graph.other(reader, than: value).flatMap(graph.constant), constant.count == channels,
      constant.rank <= rank, constant.rank >= rank - 1, constant.dims[constant.rank - (rank - 1)] == channels,
      constant.elementType == .float32
    else { return nil }
    return (reader, constant.reshaped([channels]))
  }
}
