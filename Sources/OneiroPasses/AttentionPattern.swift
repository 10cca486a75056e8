import OneiroGraph

/// The middle of an attention as exporters write it:
///
///     q ──┐                                                     v ──┐
///         MatMul ── Mul scale ── Reshape ── Softmax ── Reshape ── MatMul ── mix
///     k ──┘
///
/// Scaling and regrouping are optional; the weights may also be transposed and stand on the right of the second
/// product.
struct AttentionPattern {
  let q, k, v: String
  let mix: Node
  /// [..., Dv, T] instead of [..., T, Dv]; `v` is [..., Dv, S] then.
  let mixIsTransposed: Bool
  /// What the scores are multiplied by.
  let factor: Double
  /// All nodes from the first product to the second.
  let nodes: [Node]
  /// Products of the batch axes, rows and columns: q [batch, T, D], k [batch, D, S], v [batch, S, Dv].
  let batch, queryCount, keyCount, size, valueSize: Int

  /// `nil` when `softmax` is no part of an attention, when somebody else reads what lies between the products, or when
  /// a mask is added.
  init?(around softmax: Node, in graph: GraphIndex) {
    guard softmax.op == OpIdentifier("Softmax"), let rank = graph.dims(softmax.inputs[0])?.count, rank >= 2,
      softmax.axis("axis", default: -1, rank: rank) == rank - 1,
      graph.types[softmax.inputs[0]]?.elementType == .float32
    else { return nil }
    var nodes = [softmax], factor = 1.0, value = softmax.inputs[0]
    var scores: Node?
    while scores == nil {
      guard graph.onlyReader(of: value) != nil, let node = graph.producer(of: value) else { return nil }
      nodes.append(node)
      if node.op == OpIdentifier("MatMul") {
        scores = node
      } else if let (scaled, by) = graph.scaling(node) {
        (value, factor) = (scaled, factor * by)
      } else if Self.regroups(node, graph) {
        value = node.inputs[0]
      } else {
        return nil
      }
    }
    var weights = softmax.outputs[0], isTransposed = false
    var product: Node?
    while product == nil {
      guard let node = graph.onlyReader(of: weights) else { return nil }
      nodes.append(node)
      if node.op == OpIdentifier("MatMul") {
        product = node
      } else if Self.swapsLast(node, graph) {
        (weights, isTransposed) = (node.outputs[0], !isTransposed)
      } else if Self.regroups(node, graph) {
        weights = node.outputs[0]
      } else {
        return nil
      }
    }
    guard let scores, let product, product.inputs[isTransposed ? 1 : 0] == weights,
      product.inputs[isTransposed ? 0 : 1] != weights
    else { return nil }
    (q, k, v) = (scores.inputs[0], scores.inputs[1], product.inputs[isTransposed ? 0 : 1])
    (mix, mixIsTransposed) = (product, isTransposed)
    self.factor = factor
    self.nodes = nodes
    guard let qDims = graph.dims(q), let kDims = graph.dims(k), let vDims = graph.dims(v),
      let weightDims = graph.dims(weights), qDims.count >= 2, kDims.count >= 2, vDims.count >= 2,
      qDims.dropLast(2) == kDims.dropLast(2), vDims.dropLast(2) == weightDims.dropLast(2),
      let batch = Tensor.elementCount(Array(qDims.dropLast(2)))
    else { return nil }
    let rows = { (dims: [Int]) in dims[dims.count - 2] }, columns = { (dims: [Int]) in dims[dims.count - 1] }
    self.batch = batch
    (queryCount, size, keyCount) = (rows(qDims), columns(qDims), columns(kDims))
    valueSize = isTransposed ? rows(vDims) : columns(vDims)
    guard batch > 0, queryCount > 0, size > 0, keyCount > 0, valueSize > 0 else { return nil }
  }

  /// Whether the node changes batch axes alone.
  private static func regroups(_ node: Node, _ graph: GraphIndex) -> Bool {
    guard node.domain.isEmpty, ["Reshape", "Squeeze", "Unsqueeze", "Identity"].contains(node.opType),
      let before = graph.dims(node.inputs[0]), let after = graph.dims(node.outputs[0])
    else { return false }
    return before.count >= 2 && after.count >= 2 && before.suffix(2) == after.suffix(2)
  }

  private static func swapsLast(_ node: Node, _ graph: GraphIndex) -> Bool {
    guard node.op == OpIdentifier("Transpose"), let rank = graph.dims(node.inputs[0])?.count, rank >= 2 else {
      return false
    }
    var order = Array(0..<rank)
    order.swapAt(rank - 2, rank - 1)
    return node.permutation(rank: rank) == order
  }
}
