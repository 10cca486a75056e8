import OneiroGraph

/// QuantizeLinear behind a Transpose and views of it  →  the Transpose and the views of bytes
///
///     x ── Transpose ── Reshape ── QuantizeLinear ── y      →      x ── QuantizeLinear ── Transpose ── Reshape ── y
///
/// A quarter is moved, and what made x may take the quantization in. Stands back when anything between has a second
/// reader or is a graph output, and when there are several scales.
struct QuantizeBeforeTransposing: RewriteRule {
  let name = "quantize-before-transposing"
  let summary = "QuantizeLinear(Transpose(x)) -> Transpose(QuantizeLinear(x))"
  let targets: Set<String> = ["QuantizeLinear"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard QuantizedEnding(node, in: graph) != nil else { return nil }
    var moved: [Node] = []
    var value = node.inputs[0]
    repeat {
      guard let mover = graph.producer(of: value), mover.domain.isEmpty, Self.movers.contains(mover.opType),
        graph.onlyReader(of: value) != nil, graph.constant(mover.inputs[0]) == nil
      else { return nil }
      moved.append(mover)
      value = mover.inputs[0]
    } while moved.last?.opType != "Transpose"
    var patch = GraphPatch("\(node.label) before \(moved[moved.count - 1].label)")
    for mover in moved { patch.remove(mover) }
    patch.remove(node)
    var bytes = node
    bytes.inputs[0] = value
    // Two branches may begin with one value, and end in bytes of their own.
    bytes.outputs = [node.outputs[0] + "#untransposed"]
    patch.add(bytes)
    for (position, mover) in moved.enumerated().reversed() {
      var next = mover
      next.inputs[0] = bytes.outputs[0]
      next.outputs = [position == 0 ? node.outputs[0] : "\(node.outputs[0])#moved\(position)"]
      patch.add(next)
      bytes = next
    }
    return patch
  }

  /// Operators that move elements, the last of them the one that copies.
  private static let movers: Set<String> = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"]
}
