import OneiroGraph

/// softmax(scale * q k^T) v for each head  →  ai.oneiro.ScaledDotProductAttention, which keeps no scores
///
///     q tokens ── Reshape ── Transpose ──┐
///     k tokens ── Reshape ── Transpose ─ MatMul ── Softmax ─┐                              q ──┐
///     v tokens ── Reshape ── Transpose ──────────────────── MatMul ── Transpose ── ...  →  k ── Attention ── y
///                                                                                          v ──┘
///
/// The fused operator reads tokens [N, T, heads * D]. How an exporter brings the heads forward does not matter: each
/// operand is traced back to where it lies as tokens, be it a part of the rows of one product for q, k and v. What does
/// not lie so is transposed.
///
/// Stands back from masks, a softmax along another axis, and scores or weights that somebody else reads.
struct FuseAttention: RewriteRule {
  let name = "fuse-attention"
  let summary = "softmax(scale * q k^T) v -> ScaledDotProductAttention, which keeps no scores"
  let targets: Set<String> = ["Softmax"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard let pattern = AttentionPattern(around: node, in: graph) else { return nil }
    let q = Operand(pattern.q, rows: pattern.queryCount, size: pattern.size, isTransposed: false, scales: true, graph)
    let k = Operand(pattern.k, rows: pattern.keyCount, size: pattern.size, isTransposed: true, scales: true, graph)
    let v = Operand(
      pattern.v, rows: pattern.keyCount, size: pattern.valueSize, isTransposed: pattern.mixIsTransposed, scales: false,
      graph)
    var best: Candidate?
    for heads in (q.headCounts + k.headCounts + v.headCounts + [1]) where pattern.batch % heads == 0 {
      let items = pattern.batch / heads
      guard let result = AttentionResult(pattern, items: items, heads: heads, in: graph) else { continue }
      let tokens = [q, k, v].map { $0.tokens(items: items, heads: heads) }
      let unread = graph.unread(tokens.flatMap(\.nodes), without: pattern.nodes + result.nodes)
      let found = Candidate(heads: heads, tokens: tokens, result: result, unread: unread)
      if found.cost < best?.cost ?? .max { best = found }
    }
    guard let best else { return nil }
    let scale = best.tokens.reduce(pattern.factor) { $0 * $1.factor }
    guard Float(scale).isFinite else { return nil }

    let output = best.result.output
    var patch = GraphPatch("\(node.label) of \(best.heads) heads")
    let last = pattern.nodes + best.result.nodes
    for node in best.unread + last { patch.remove(node) }
    let inputs = zip(best.tokens, ["q", "k", "v"]).map { $0.write("\(output)#\($1)", like: pattern.mix, &patch) }
    let tokens = best.result.isDirect ? output : "\(output)#tokens"
    patch.add(
      Node(
        "ScaledDotProductAttention", domain: Model.oneiroDomain, name: pattern.mix.name, inputs: inputs,
        outputs: [tokens], attributes: ["heads": .int(Int64(best.heads)), "scale": .float(Float(scale))],
        metadata: pattern.mix.metadata))
    best.result.write(from: tokens, like: pattern.mix, &patch)
    return patch
  }

  private struct Candidate {
    let heads: Int
    let tokens: [AttentionTokens]
    let result: AttentionResult
    /// Nodes that only the attention's operands needed.
    let unread: [Node]
    /// Transposes that come, less those that go.
    var cost: Int {
      tokens.count { $0.isCopy } + (result.isCopy ? 1 : 0)
        - (unread + result.nodes).count { $0.opType == "Transpose" }
    }
  }

  /// One of q, k and v, and all that is known of where it comes from.
  private struct Operand {
    let value: String
    let rows, size: Int
    /// [..., size, rows] instead of [..., rows, size].
    let isTransposed: Bool
    /// The farther one first.
    let origins: [ValueOrigin]
    let graph: GraphIndex

    init(_ value: String, rows: Int, size: Int, isTransposed: Bool, scales: Bool, _ graph: GraphIndex) {
      (self.value, self.rows, self.size, self.isTransposed) = (value, rows, size, isTransposed)
      self.graph = graph
      origins = ValueOrigin.all(of: value, in: graph, throughFactors: scales)
    }

    /// Into how many heads the batch axes might fall.
    var headCounts: [Int] {
      origins.flatMap { origin in
        let parts = AxisLayout.joined(origin.layout.axes.dropLast(2).joined())
        return parts.indices.map { parts[$0...].reduce(1) { $0 * $1.extent } }
      }
    }

    func tokens(items: Int, heads: Int) -> AttentionTokens {
      let shape = AttentionTokens.Shape(items: items, rows: rows, heads: heads, size: size)
      for origin in origins {
        if let found = AttentionTokens(origin, isTransposed: isTransposed, shape, in: graph) { return found }
      }
      return AttentionTokens(copying: value, isTransposed: isTransposed, shape)
    }
  }
}

extension GraphIndex {
  /// Those of `nodes` that nobody would read any more without `removed`.
  fileprivate func unread(_ nodes: [Node], without removed: [Node]) -> [Node] {
    var gone = Set(removed.compactMap(\.key))
    var result: [Node] = []
    var isDone = false
    while !isDone {
      isDone = true
      for node in nodes {
        guard let key = node.key, !gone.contains(key) else { continue }
        let isUnread = node.outputs.allSatisfy { output in
          output.isEmpty
            || !isOutput(output)
              && readers(of: output).allSatisfy { graph.nodes[$0].key.map(gone.contains) ?? false }
        }
        guard isUnread else { continue }
        gone.insert(key)
        result.append(node)
        isDone = false
      }
    }
    return result
  }
}
