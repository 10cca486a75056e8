import OneiroGraph

/// BatchNormalization(Conv(x, W, b))  →  Conv(x, W', b') with the normalization in weights and bias
///
///     x ── Conv W b ── c ── BatchNormalization ── y        →        x ── Conv W' b' ── y
///
///     W' = W * f     b' = (b - mean) * f + bias     f = scale / sqrt(variance + epsilon), for each output channel
///
/// For constants alone, and where `c` has no second reader and is no graph output.
struct FoldBatchNormalization: RewriteRule {
  let name = "fold-batch-normalization"
  let summary = "BatchNormalization(Conv(x, W, b)) -> Conv(x, W', b')"
  let targets: Set<String> = ["BatchNormalization"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.op == OpIdentifier("BatchNormalization"), node.outputs.count == 1, node.inputs.count == 5,
      node.int("training_mode") ?? 0 == 0,
      let conv = graph.producer(of: node.inputs[0]), conv.op == OpIdentifier("Conv"),
      graph.onlyReader(of: node.inputs[0]) != nil,
      let weights = floats(conv.inputs[1], graph), let dims = graph.dims(conv.inputs[1]), let channels = dims.first,
      channels > 0, weights.count % channels == 0
    else { return nil }
    let statistics = node.inputs.dropFirst().compactMap { floats($0, graph) }
    guard statistics.count == 4, statistics.allSatisfy({ $0.count == channels }) else { return nil }
    let (scale, shift, mean, variance) = (statistics[0], statistics[1], statistics[2], statistics[3])
    var bias = [Float](repeating: 0, count: channels)
    if conv.inputs.count > 2, !conv.inputs[2].isEmpty {
      guard let given = floats(conv.inputs[2], graph), given.count == channels else { return nil }
      bias = given
    }
    var epsilon = 1e-5
    if case .float(let given) = node.attributes["epsilon"] { epsilon = Double(given) }
    let factors = (0..<channels).map { Double(scale[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
    guard factors.allSatisfy(\.isFinite) else { return nil }
    let each = weights.count / channels
    let folded = weights.indices.map { Float(Double(weights[$0]) * factors[$0 / each]) }
    let offsets = (0..<channels).map { Float((Double(bias[$0]) - Double(mean[$0])) * factors[$0] + Double(shift[$0])) }
    let output = node.outputs[0]
    var patch = GraphPatch("\(node.label) into the weights of \(conv.label)")
    patch.remove(conv, node)
    patch.addInitializer("\(output)#weights", Tensor(folded, dims: dims))
    patch.addInitializer("\(output)#bias", Tensor(offsets, dims: [channels]))
    patch.add(
      Node(
        "Conv", name: conv.name, inputs: [conv.inputs[0], "\(output)#weights", "\(output)#bias"], outputs: [output],
        attributes: conv.attributes, metadata: conv.metadata))
    return patch
  }

  private func floats(_ value: String, _ graph: GraphIndex) -> [Float]? {
    guard let tensor = graph.constant(value), tensor.elementType == .float32 else { return nil }
    return tensor.withElements(of: Float.self) { Array($0) }
  }
}
