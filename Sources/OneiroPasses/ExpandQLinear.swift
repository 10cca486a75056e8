import OneiroGraph

/// QLinearConv or QLinearMatMul  →  the same in floats, between DequantizeLinear and QuantizeLinear
///
///     x ── QLinearConv w B ── y        →        x ── DequantizeLinear ── Conv ── QuantizeLinear ── y
///                                               w ── DequantizeLinear ──┘
///
/// So that one set of rules serves both forms of quantized models. B, in units of x_scale * w_scale, becomes floats.
/// Stands back where the weights of a convolution are no constants, and where rows of a matrix have their own scales.
struct ExpandQLinear: RewriteRule {
  let name = "expand-qlinear"
  let summary = "QLinearConv, QLinearMatMul -> Conv, MatMul between DequantizeLinear and QuantizeLinear"
  let targets: Set<String> = ["QLinearConv", "QLinearMatMul"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let isOne = { (index: Int) in graph.dims(node.inputs[index]).flatMap(Tensor.elementCount) == 1 }
    guard node.domain.isEmpty, [1, 2, 6, 7].allSatisfy(isOne), let dims = graph.dims(node.inputs[3]), dims.count > 1,
      [1, 4, 6].allSatisfy({ graph.types[node.inputs[$0]]?.elementType == .float32 }),
      [0, 3, 7].allSatisfy({ [.uint8, .int8].contains(graph.types[node.inputs[$0]]?.elementType) })
    else { return nil }
    let isConv = node.opType == "QLinearConv", axis = isConv ? 0 : dims.count - 1, output = node.outputs[0]
    var patch = GraphPatch("\(node.label) in floats"), inputs = ["\(output)#x", "\(output)#w"]
    patch.remove(node)
    patch.add(
      Node("DequantizeLinear", inputs: Array(node.inputs[0...2]), outputs: [inputs[0]], metadata: node.metadata))
    if let scale = graph.constant(node.inputs[4])?.alongChannels(dims[axis], trailing: 0),
      let zeroPoint = graph.constant(node.inputs[5])?.alongChannels(dims[axis], trailing: 0)
    {
      patch.addDequantization(of: node.inputs[3], scale, zeroPoint, axis: axis, inputs[1], like: node)
      if let bias = node.inputs.dropFirst(8).first, !bias.isEmpty {
        guard let sums = graph.constant(bias), sums.count == dims[0], let unit = graph.scalar(node.inputs[1]) else {
          return nil
        }
        let scales = scale.doubles(), step = scales.count == 1 ? 0 : 1
        let floats = sums.doubles().enumerated().map { $1 * unit * scales[$0 * step] }
        inputs.append("\(output)#b")
        patch.addInitializer("\(output)#b", Tensor(.float32, doubles: floats, dims: [dims[0]]))
      }
    } else {
      guard !isConv, isOne(4), isOne(5) else { return nil }
      patch.add(
        Node("DequantizeLinear", inputs: Array(node.inputs[3...5]), outputs: [inputs[1]], metadata: node.metadata))
    }
    guard !isConv || graph.constant(node.inputs[3]) != nil else { return nil }
    patch.add(
      Node(
        isConv ? "Conv" : "MatMul", name: node.name, inputs: inputs, outputs: ["\(output)#real"],
        attributes: node.attributes, metadata: node.metadata))
    patch.add(
      Node(
        "QuantizeLinear", inputs: ["\(output)#real", node.inputs[6], node.inputs[7]], outputs: [output],
        metadata: node.metadata))
    return patch
  }
}
