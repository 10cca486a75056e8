import OneiroGraph

/// A product of integers that is scaled to floats  →  a product of dequantized operands
///
///     x ── MatMulInteger W ── Cast ── Mul (x_scale * w_scale) ── y    →    x ── DequantizeLinear ── MatMul ── y
///                                                                          W ── DequantizeLinear ──┘
///
/// This is how dynamically quantized models are written. The scale of W is a constant, that of x is one number,
/// whenever it becomes known. What is added to each channel of a convolution becomes its bias.
struct ExpandIntegerProduct: RewriteRule {
  let name = "expand-integer-product"
  let summary = "MatMulInteger or ConvInteger, Cast, Mul -> MatMul or Conv of dequantized operands"
  let targets: Set<String> = ["ConvInteger", "MatMulInteger"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let isConv = node.opType == "ConvInteger", zeroPoints = [2, 3].map { node.inputs.dropFirst($0).first ?? "" }
    guard node.domain.isEmpty, let dims = graph.dims(node.inputs[1]), dims.count > (isConv ? 2 : 1),
      zeroPoints[0].isEmpty || graph.dims(zeroPoints[0]).flatMap(Tensor.elementCount) == 1,
      let cast = graph.onlyReader(of: node.outputs[0]), cast.op == OpIdentifier("Cast"),
      let scaled = graph.onlyReader(of: cast.outputs[0]), scaled.op == OpIdentifier("Mul"),
      graph.types[scaled.outputs[0]]?.elementType == .float32,
      let scale = graph.other(scaled, than: cast.outputs[0]).flatMap(graph.producer(of:)),
      scale.op == OpIdentifier("Mul"), let (activations, weights) = scales(scale, graph)
    else { return nil }
    // Channels are in front of the image's axes, and columns are last.
    let axis = isConv ? 0 : dims.count - 1, trailing = isConv ? dims.count - 2 : 0
    guard let scales = weights.alongChannels(dims[axis], trailing: trailing) else { return nil }
    var zeroPoint: Tensor?
    if !zeroPoints[1].isEmpty {
      guard let given = graph.constant(zeroPoints[1])?.alongChannels(dims[axis], trailing: 0) else { return nil }
      zeroPoint = given
    }
    var patch = GraphPatch("\(node.label) with its scales")
    patch.remove(node, cast, scaled)
    if graph.onlyReader(of: scale.outputs[0]) != nil { patch.remove(scale) }
    var output = scaled.outputs[0], inputs = ["\(output)#x", "\(output)#w"]
    let x = [node.inputs[0], activations] + (zeroPoints[0].isEmpty ? [] : [zeroPoints[0]])
    patch.add(Node("DequantizeLinear", inputs: x, outputs: [inputs[0]], metadata: node.metadata))
    patch.addDequantization(of: node.inputs[1], scales, zeroPoint, axis: axis, inputs[1], like: node)
    if isConv, let add = graph.onlyReader(of: output), add.op == OpIdentifier("Add"),
      let given = graph.other(add, than: output).flatMap(graph.constant), given.count == dims[0],
      let bias = given.alongChannels(dims[0], trailing: trailing)
    {
      patch.remove(add)
      output = add.outputs[0]
      inputs.append("\(output)#bias")
      patch.addInitializer("\(output)#bias", bias.reshaped([dims[0]]))
    }
    patch.add(
      Node(
        isConv ? "Conv" : "MatMul", name: node.name, inputs: inputs, outputs: [output], attributes: node.attributes,
        metadata: node.metadata))
    return patch
  }

  /// Of the activations, one number, and of the weights, a constant.
  private func scales(_ product: Node, _ graph: GraphIndex) -> (activations: String, weights: Tensor)? {
    for (activations, weights) in [(product.inputs[0], product.inputs[1]), (product.inputs[1], product.inputs[0])] {
      guard graph.dims(activations).flatMap(Tensor.elementCount) == 1, let constant = graph.constant(weights),
        constant.elementType == .float32
      else { continue }
      return (activations, constant)
    }
    return nil
  }
}
