import OneiroGraph

/// A product of two dequantized operands  →  ai.oneiro.QuantizedGemm or QuantizedConv, which multiplies the quantized
/// ones
///
///     a ── DequantizeLinear ──┐
///                             MatMul ── (Add b) ── y        →        a ── QuantizedGemm B b ── y
///     B ── DequantizeLinear ──┘
///
/// The first operand has one scale; the second is a constant of bytes with one scale and zero point, or with one of
/// each for each output channel. Groups of fewer than four channels leave too little to multiply. Leading axes of a
/// MatMul's first operand become one, by views that cost nothing.
struct FuseQuantized: RewriteRule {
  let name = "fuse-quantized"
  let summary = "MatMul, Gemm or Conv of dequantized operands -> QuantizedGemm, QuantizedConv"
  let targets: Set<String> = ["Conv", "Gemm", "MatMul"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain.isEmpty, let activations = DequantizedActivations(node.inputs[0], in: graph) else { return nil }
    switch node.opType {
    case "Conv": return convolution(node, activations, graph)
    case "Gemm": return gemm(node, activations, graph)
    default: return matMul(node, activations, graph)
    }
  }

  private func convolution(_ node: Node, _ activations: DequantizedActivations, _ graph: GraphIndex) -> GraphPatch? {
    guard let weights = DequantizedWeights(node.inputs[1], outputAxis: 0, in: graph), weights.dims.count > 2,
      weights.dims[1] >= 4 || node.int("group") ?? 1 == 1
    else { return nil }
    var patch = GraphPatch("\(node.label) of quantized operands")
    patch.remove(node)
    patch.add(
      Node(
        "QuantizedConv", domain: Model.oneiroDomain, name: node.name,
        inputs: activations.inputs(adding: &patch, for: node) + weights.inputs(bias: node.inputs.dropFirst(2).first),
        outputs: node.outputs, attributes: node.attributes, metadata: node.metadata))
    return patch
  }

  private func gemm(_ node: Node, _ activations: DequantizedActivations, _ graph: GraphIndex) -> GraphPatch? {
    let isTransposed = node.int("transB") ?? 0 != 0
    let factors = ["alpha", "beta"].map { name -> Float in
      if case .float(let value) = node.attributes[name] { value } else { 1 }
    }
    guard factors == [1, 1], node.int("transA") ?? 0 == 0,
      let weights = DequantizedWeights(node.inputs[1], outputAxis: isTransposed ? 0 : 1, in: graph),
      let dims = graph.dims(node.outputs[0])
    else { return nil }
    let bias = node.inputs.dropFirst(2).first
    if let bias, !bias.isEmpty, graph.dims(bias) != [dims[1]] { return nil }
    var patch = GraphPatch("\(node.label) of quantized operands")
    patch.remove(node)
    patch.add(
      Node(
        "QuantizedGemm", domain: Model.oneiroDomain, name: node.name,
        inputs: activations.inputs(adding: &patch, for: node) + weights.inputs(bias: bias), outputs: node.outputs,
        attributes: isTransposed ? ["transB": .int(1)] : [:], metadata: node.metadata))
    return patch
  }

  private func matMul(_ node: Node, _ activations: DequantizedActivations, _ graph: GraphIndex) -> GraphPatch? {
    guard let weights = DequantizedWeights(node.inputs[1], outputAxis: 1, in: graph), weights.dims.count == 2,
      let dims = graph.dims(node.inputs[0]), dims.count >= 2, let rows = Tensor.elementCount(Array(dims.dropLast())),
      rows > 0
    else { return nil }
    var patch = GraphPatch("\(node.label) of quantized operands")
    patch.remove(node)
    var output = node.outputs[0], bias: String?
    if let (add, name) = self.bias(of: output, columns: weights.dims[1], rank: dims.count, graph),
      let tensor = graph.constant(name)
    {
      patch.remove(add)
      output = add.outputs[0]
      bias = name
      if tensor.rank != 1 {
        bias = "\(output)#bias"
        patch.addInitializer("\(output)#bias", tensor.reshaped([tensor.count]))
      }
    }
    var operands = activations.inputs(adding: &patch, for: node)
    let isFlat = dims.count == 2, product = isFlat ? output : "\(output)#product"
    if !isFlat {
      patch.addReshape(operands[0], to: [rows, weights.dims[0]], "\(output)#rows", like: node)
      operands[0] = "\(output)#rows"
    }
    patch.add(
      Node(
        "QuantizedGemm", domain: Model.oneiroDomain, name: node.name, inputs: operands + weights.inputs(bias: bias),
        outputs: [product], metadata: node.metadata))
    if !isFlat { patch.addReshape(product, to: dims.dropLast() + [weights.dims[1]], output, like: node) }
    return patch
  }

  /// A constant with a number for each column that is all that is done to a product.
  private func bias(of product: String, columns: Int, rank: Int, _ graph: GraphIndex) -> (add: Node, bias: String)? {
    guard let add = graph.onlyReader(of: product), add.op == OpIdentifier("Add"),
      let name = graph.other(add, than: product), let bias = graph.constant(name), bias.count == columns,
      bias.dims.last == columns, bias.rank <= rank
    else { return nil }
    return (add, name)
  }
}

/// A value that is dequantized from bytes with one scale.
private struct DequantizedActivations {
  private let node: Node
  private let type: ElementType

  init?(_ value: String, in graph: GraphIndex) {
    guard let node = graph.producer(of: value), node.op == OpIdentifier("DequantizeLinear"),
      let type = graph.types[node.inputs[0]]?.elementType, type == .uint8 || type == .int8,
      graph.constant(node.inputs[0]) == nil, let scale = graph.types[node.inputs[1]], scale.elementType == .float32,
      scale.dims.flatMap(Tensor.elementCount) == 1
    else { return nil }
    self.node = node
    self.type = type
  }

  /// The quantized value, its scale and its zero point; that is added to `patch` where it is left out.
  func inputs(adding patch: inout GraphPatch, for reader: Node) -> [String] {
    if node.inputs.count > 2, !node.inputs[2].isEmpty { return node.inputs }
    let zeroPoint = "\(reader.outputs[0])#zero_point"
    patch.addInitializer(zeroPoint, Tensor(type, doubles: [0], dims: []))
    return [node.inputs[0], node.inputs[1], zeroPoint]
  }
}

/// A constant that is dequantized from bytes.
private struct DequantizedWeights {
  /// The quantized constant and its scale.
  private let elements: [String]
  /// `nil` where it is 0 throughout.
  private let zeroPoint: String?
  let dims: [Int]

  /// The fused operators' inputs from the weights on.
  func inputs(bias: String?) -> [String] {
    guard let zeroPoint else { return elements + (bias.map { [$0] } ?? []) }
    return elements + [bias ?? "", "", zeroPoint]
  }

  /// - outputAxis: along which there may be several scales.
  init?(_ value: String, outputAxis: Int, in graph: GraphIndex) {
    guard let node = graph.producer(of: value), node.op == OpIdentifier("DequantizeLinear"),
      let weights = graph.constant(node.inputs[0]),
      weights.elementType == .int8 || weights.elementType == .uint8,
      let scale = graph.constant(node.inputs[1]), scale.elementType == .float32, node.int("block_size") ?? 0 == 0
    else { return nil }
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard let given = graph.constant(node.inputs[2]) else { return nil }
      zeroPoint = given.int64s().allSatisfy { $0 == 0 } ? nil : node.inputs[2]
    } else {
      zeroPoint = nil
    }
    let axis = Int(node.int("axis") ?? 1)
    let isPerChannel =
      scale.rank == 1 && weights.rank > outputAxis && scale.count == weights.dims[outputAxis]
      && (axis == outputAxis || axis == outputAxis - weights.rank)
    guard isPerChannel || (scale.count == 1 && scale.rank <= 1) else { return nil }
    elements = [node.inputs[0], node.inputs[1]]
    dims = weights.dims
  }
}
