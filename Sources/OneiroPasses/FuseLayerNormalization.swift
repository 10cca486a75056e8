import OneiroGraph

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, spelled out  →  LayerNormalization(x, scale, bias)
///
///     x ─┬─ ReduceMean ─┐                ┌─ Pow 2 ── ReduceMean ── Add e ── Sqrt ─┐
///        └───────────── Sub ── d ────────┴───────────────────────────────────── Div ── Mul scale ── Add bias ── y
///
/// The square may be d * d; the means are over the last axis. Stands back when a part has a reader outside.
struct FuseLayerNormalization: RewriteRule {
  let name = "fuse-layer-normalization"
  let summary = "ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add -> LayerNormalization"
  let targets: Set<String> = ["Sqrt"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard let add = graph.producer(of: node.inputs[0]), add.op == OpIdentifier("Add"),
      let (variance, epsilon) = graph.withScalar(add), epsilon >= 0,
      let meanOfSquares = graph.producer(of: variance), isMean(meanOfSquares, graph),
      let square = graph.producer(of: meanOfSquares.inputs[0]), let deviation = squared(square, graph),
      let sub = graph.producer(of: deviation), sub.op == OpIdentifier("Sub"),
      let mean = graph.producer(of: sub.inputs[1]), isMean(mean, graph), mean.inputs[0] == sub.inputs[0],
      let division = graph.onlyReader(of: node.outputs[0]), division.op == OpIdentifier("Div"),
      division.inputs == [deviation, node.outputs[0]],
      let mul = graph.onlyReader(of: division.outputs[0]), mul.op == OpIdentifier("Mul"),
      let scale = graph.other(mul, than: division.outputs[0]),
      let last = graph.onlyReader(of: mul.outputs[0]), last.op == OpIdentifier("Add"),
      let bias = graph.other(last, than: mul.outputs[0])
    else { return nil }
    let x = sub.inputs[0]
    guard graph.types[x]?.elementType == .float32, let width = graph.dims(x)?.last, graph.dims(scale) == [width],
      graph.dims(bias) == [width], graph.dims(last.outputs[0]) == graph.dims(x),
      !graph.isOutput(deviation), graph.readerCount(of: deviation) == 2,
      [mean, square, meanOfSquares, add].allSatisfy({ graph.onlyReader(of: $0.outputs[0]) != nil })
    else { return nil }
    var patch = GraphPatch("\(node.label) is the deviation of a LayerNormalization")
    patch.remove(mean, sub, square, meanOfSquares, add, node, division, mul, last)
    patch.add(
      Node(
        "LayerNormalization", name: last.name, inputs: [x, scale, bias], outputs: last.outputs,
        attributes: ["axis": .int(-1), "epsilon": .float(Float(epsilon))], metadata: last.metadata))
    return patch
  }

  /// Whether the node is a mean along the last axis that keeps it.
  private func isMean(_ node: Node, _ graph: GraphIndex) -> Bool {
    guard node.op == OpIdentifier("ReduceMean"), let dims = graph.dims(node.inputs[0]), let width = dims.last,
      width > 0, node.inputs.count == 2, let axes = graph.constant(node.inputs[1])?.int64s()
    else { return false }
    return graph.dims(node.outputs[0]) == dims.dropLast() + [1] && (axes == [-1] || axes == [Int64(dims.count - 1)])
  }

  /// What the node squares.
  private func squared(_ node: Node, _ graph: GraphIndex) -> String? {
    switch node.opType {
    case "Pow": graph.scalar(node.inputs[1]) == 2 ? node.inputs[0] : nil
    case "Mul": node.inputs[0] == node.inputs[1] ? node.inputs[0] : nil
    default: nil
    }
  }
}
