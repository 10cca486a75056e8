import OneiroGraph

/// ONNX's Attention (opset 23) without mask, cache and soft cap  →  ai.oneiro.ScaledDotProductAttention
///
///     q [N,T,heads*D], k, v ── Attention ── y        →        q, k, v ── ScaledDotProductAttention ── y
///
/// For operands of rank 3 with as many heads in keys and values as in queries. Others keep the operator.
struct LowerAttention: RewriteRule {
  let name = "lower-attention"
  let summary = "Attention (opset 23) without mask or cache -> ScaledDotProductAttention"
  let targets: Set<String> = ["Attention"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let given = node.inputs.enumerated().filter { !$0.element.isEmpty }.map(\.offset)
    let written = node.outputs.enumerated().filter { !$0.element.isEmpty }.map(\.offset)
    guard node.op == OpIdentifier("Attention"), given == [0, 1, 2], written == [0],
      node.inputs.prefix(3).allSatisfy({ graph.dims($0)?.count == 3 && graph.types[$0]?.elementType == .float32 }),
      node.int("left_window_size") ?? -1 == -1, node.int("right_window_size") ?? -1 == -1,
      node.int("is_causal") ?? 0 == 0, node.int("qk_matmul_output_mode") ?? 0 == 0, isUncapped(node),
      let heads = node.int("q_num_heads"), heads > 0, node.int("kv_num_heads") == heads
    else { return nil }
    var attributes: [String: Attribute] = ["heads": .int(heads)]
    attributes["scale"] = node.attributes["scale"]
    var patch = GraphPatch("\(node.label) of \(heads) heads")
    patch.remove(node)
    patch.add(
      Node(
        "ScaledDotProductAttention", domain: Model.oneiroDomain, name: node.name, inputs: Array(node.inputs.prefix(3)),
        outputs: [node.outputs[0]], attributes: attributes, metadata: node.metadata))
    return patch
  }

  private func isUncapped(_ node: Node) -> Bool {
    guard let cap = node.attributes["softcap"] else { return true }
    if case .float(let value) = cap { return value == 0 }
    return false
  }
}

extension Node {
  /// An attribute that is an int; `nil` when it is left out.
  func int(_ name: String) -> Int64? {
    if case .int(let value) = attributes[name] { value } else { nil }
  }
}
