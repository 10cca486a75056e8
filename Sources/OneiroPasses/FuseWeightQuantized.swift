import OneiroGraph

/// A product of floats with dequantized weights  →  ai.oneiro.WeightQuantizedGemm or WeightQuantizedConv
///
///     x ──────────────────────┐
///                             MatMul ── (Add b) ── y        →        x ── WeightQuantizedGemm B b ── y
///     B ── DequantizeLinear ──┘
///
/// Kernels widen the weights a few at a time in every run, so that they are in memory once, in the bits they have in
/// the file. Small ones become floats, which takes little memory and no time later.
struct FuseWeightQuantized: RewriteRule {
  let name = "fuse-weight-quantized"
  let summary = "MatMul, Gemm or Conv with dequantized weights -> WeightQuantizedGemm, WeightQuantizedConv"
  let targets: Set<String> = ["Conv", "Gemm", "MatMul"]

  /// Elements of weights that are worth it.
  static let fewestElements = 1 << 14

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain.isEmpty, node.inputs.count > 1, graph.types[node.inputs[0]]?.elementType == .float32,
      let weights = ConstantDequantization(node.inputs[1], in: graph), weights.count >= Self.fewestElements
    else { return nil }
    switch node.opType {
    case "Conv": return convolution(node, weights)
    case "Gemm": return gemm(node, weights, graph)
    default: return matMul(node, weights, graph)
    }
  }

  /// Filters of one channel are no product.
  private func convolution(_ node: Node, _ weights: ConstantDequantization) -> GraphPatch? {
    guard weights.dims.count > 2, weights.dims[1] > 1 else { return nil }
    var patch = GraphPatch("\(node.label) of quantized weights")
    patch.remove(node)
    patch.add(
      node.fused(
        "WeightQuantizedConv", [node.inputs[0]] + weights.inputs + node.inputs.dropFirst(2), node.outputs[0],
        node.attributes.merging(weights.attributes) { $1 }))
    return patch
  }

  private func gemm(_ node: Node, _ weights: ConstantDequantization, _ graph: GraphIndex) -> GraphPatch? {
    let factors = ["alpha", "beta"].map { name -> Float in
      if case .float(let value) = node.attributes[name] { value } else { 1 }
    }
    guard factors == [1, 1], node.int("transA") ?? 0 == 0, let dims = graph.dims(node.outputs[0]) else { return nil }
    let bias = node.inputs.dropFirst(2)
    if let bias = bias.first, !bias.isEmpty, graph.dims(bias) != [dims[1]] { return nil }
    var attributes = weights.attributes
    if node.int("transB") ?? 0 != 0 { attributes["transB"] = .int(1) }
    var patch = GraphPatch("\(node.label) of quantized weights")
    patch.remove(node)
    patch.add(
      node.fused("WeightQuantizedGemm", [node.inputs[0]] + weights.inputs + bias, node.outputs[0], attributes))
    return patch
  }

  private func matMul(_ node: Node, _ weights: ConstantDequantization, _ graph: GraphIndex) -> GraphPatch? {
    guard weights.dims.count == 2, let dims = graph.dims(node.inputs[0]), dims.count >= 2,
      let rows = Tensor.elementCount(Array(dims.dropLast())), rows > 0
    else { return nil }
    var patch = GraphPatch("\(node.label) of quantized weights")
    patch.remove(node)
    var output = node.outputs[0], bias: [String] = []
    let columns = weights.dims[1]
    if let add = graph.onlyReader(of: output), add.op == OpIdentifier("Add"),
      let name = graph.other(add, than: output), let tensor = graph.constant(name), tensor.count == columns,
      tensor.dims.last == columns, tensor.rank <= dims.count
    {
      patch.remove(add)
      output = add.outputs[0]
      bias = [name]
      if tensor.rank != 1 {
        bias = ["\(output)#bias"]
        patch.addInitializer(bias[0], tensor.reshaped([columns]))
      }
    }
    let isFlat = dims.count == 2, matrix = isFlat ? node.inputs[0] : "\(output)#rows"
    let product = isFlat ? output : "\(output)#product"
    if !isFlat { patch.addReshape(node.inputs[0], to: [rows, weights.dims[0]], matrix, like: node) }
    patch.add(node.fused("WeightQuantizedGemm", [matrix] + weights.inputs + bias, product, weights.attributes))
    if !isFlat { patch.addReshape(product, to: dims.dropLast() + [columns], output, like: node) }
    return patch
  }
}

extension Node {
  fileprivate func fused(
    _ type: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute]
  ) -> Node {
    Node(
      type, domain: Model.oneiroDomain, name: name, inputs: inputs, outputs: [output], attributes: attributes,
      metadata: metadata)
  }
}

/// A DequantizeLinear of constants of 8 or 4 bits.
private struct ConstantDequantization {
  /// The constant, its scale, and its zero point or "".
  let inputs: [String]
  let dims: [Int]
  let count: Int
  let attributes: [String: Attribute]

  init?(_ value: String, in graph: GraphIndex) {
    guard let node = graph.producer(of: value), node.op == OpIdentifier("DequantizeLinear"),
      let weights = graph.constant(node.inputs[0]), [.int8, .uint8, .int4, .uint4].contains(weights.elementType),
      graph.constant(node.inputs[1])?.elementType == .float32, node.int("output_dtype") ?? 1 <= 1
    else { return nil }
    let zeroPoint = node.inputs.count > 2 ? node.inputs[2] : ""
    guard zeroPoint.isEmpty || graph.constant(zeroPoint) != nil else { return nil }
    inputs = [node.inputs[0], node.inputs[1], zeroPoint]
    (dims, count) = (weights.dims, weights.count)
    attributes = node.attributes.filter { ["axis", "block_size"].contains($0.key) }
  }
}
