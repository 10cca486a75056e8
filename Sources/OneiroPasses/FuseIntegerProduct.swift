import OneiroGraph

/// A product of integers that is scaled to floats  →  ai.oneiro.QuantizedGemm or QuantizedConv
///
///     x ── MatMulInteger W ── Cast ── Mul (x_scale * w_scale) ── (Add b) ── y    →    x ── QuantizedGemm W b ── y
///
/// This is how dynamically quantized models are written. W is a constant of int8 whose zero point is 0; x_scale is one
/// number, whenever it becomes known.
struct FuseIntegerProduct: RewriteRule {
  let name = "fuse-integer-product"
  let summary = "MatMulInteger or ConvInteger, Cast, Mul, Add -> QuantizedGemm, QuantizedConv"
  let targets: Set<String> = ["ConvInteger", "MatMulInteger"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain.isEmpty, node.inputs.count > 2, !node.inputs[2].isEmpty, let dims = graph.dims(node.inputs[0]),
      let weights = graph.constant(node.inputs[1]), weights.elementType == .int8, weights.rank >= 2,
      graph.dims(node.inputs[2]).flatMap(Tensor.elementCount) == 1, hasNoZeroPoint(node, graph),
      let cast = graph.onlyReader(of: node.outputs[0]), cast.op == OpIdentifier("Cast"),
      let scaled = graph.onlyReader(of: cast.outputs[0]), scaled.op == OpIdentifier("Mul"),
      graph.types[scaled.outputs[0]]?.elementType == .float32,
      let product = graph.other(scaled, than: cast.outputs[0]).flatMap(graph.producer(of:)),
      product.op == OpIdentifier("Mul"), let (scale, weightScale) = scales(product, graph)
    else { return nil }
    let isConv = node.opType == "ConvInteger"
    guard isConv || weights.rank == 2, isConv || dims.count >= 2 else { return nil }
    let channels = isConv ? weights.dims[0] : weights.dims[1]
    // Channels are in front of the image's axes, and columns are last.
    let trailing = isConv ? weights.rank - 2 : 0
    guard let scales = perChannel(weightScale, channels, trailing) else { return nil }
    var patch = GraphPatch("\(node.label) with its scales")
    patch.remove(node, cast, scaled)
    if graph.onlyReader(of: product.outputs[0]) != nil { patch.remove(product) }
    var output = scaled.outputs[0], inputs = [node.inputs[0], scale, node.inputs[2], node.inputs[1]]
    inputs.append("\(output)#w_scale")
    patch.addInitializer("\(output)#w_scale", scales)
    if let add = graph.onlyReader(of: output), add.op == OpIdentifier("Add"),
      let given = graph.other(add, than: output).flatMap(graph.constant), given.count == channels,
      let bias = perChannel(given, channels, trailing)
    {
      patch.remove(add)
      output = add.outputs[0]
      inputs.append("\(output)#bias")
      patch.addInitializer("\(output)#bias", bias)
    }
    let opType = isConv ? "QuantizedConv" : "QuantizedGemm"
    let isFlat = isConv || dims.count == 2, product2D = isFlat ? output : "\(output)#product"
    if !isFlat {
      guard let rows = Tensor.elementCount(Array(dims.dropLast())), rows > 0 else { return nil }
      patch.addReshape(inputs[0], to: [rows, weights.dims[0]], "\(output)#rows", like: node)
      inputs[0] = "\(output)#rows"
    }
    patch.add(
      Node(
        opType, domain: Model.oneiroDomain, name: node.name, inputs: inputs, outputs: [product2D],
        attributes: node.attributes, metadata: node.metadata))
    if !isFlat { patch.addReshape(product2D, to: dims.dropLast() + [channels], output, like: node) }
    return patch
  }

  private func hasNoZeroPoint(_ node: Node, _ graph: GraphIndex) -> Bool {
    guard node.inputs.count > 3, !node.inputs[3].isEmpty else { return true }
    return graph.constant(node.inputs[3])?.int64s().allSatisfy { $0 == 0 } ?? false
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

  /// A constant that broadcasts along channels alone, as a tensor of rank 1, or one number.
  private func perChannel(_ tensor: Tensor, _ channels: Int, _ trailing: Int) -> Tensor? {
    if tensor.count == 1, tensor.rank <= 1 { return tensor.reshaped([]) }
    guard tensor.elementType == .float32, tensor.count == channels, tensor.rank > trailing,
      tensor.dims[tensor.rank - 1 - trailing] == channels
    else { return nil }
    return tensor.reshaped([channels])
  }
}
