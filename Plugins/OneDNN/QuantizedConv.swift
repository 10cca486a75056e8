import CDNNL

/// QuantizedConv, ai.oneiro opset 1.
///
/// X [N, C, spatial...] and W [M, C / group, kernel...] of bytes give Y [N, M, spatial...]; B [M], Z of Y's shape or
/// [1, M, 1...]. Convolutions of bytes are compiled for channels-last alone, so X and Y are reordered from plain and to
/// it.
struct QuantizedConv: Operation {
  private let node: Node
  private let shape: ConvolutionShape
  private let product: QuantizedProduct
  /// Whether Z has Y's shape.
  private let addsImage: Bool

  init(_ node: Node) throws(KernelError) {
    self.node = node
    shape = try ConvolutionShape(node, weights: QuantizedOperands.weights)
    product = try QuantizedProduct(node, channels: shape.output[1], depth: shape.depth)
    let added = node.hasInput(QuantizedProduct.added) ? try node.inputDims(QuantizedProduct.added) : nil
    addsImage = added == shape.output
    guard added == nil || addsImage || added == shape.channelVector else {
      throw .unsupported("Z has shape \(added ?? []), expected \(shape.output) or \(shape.channelVector)")
    }
    _ = try description(isFinal: false)
  }

  /// X and Y are reordered.
  static func relativeTime(_ node: Node) throws(KernelError) -> Double {
    let output = try node.outputDims(0), pixels = try node.inputDims(0).elementCount
    let depth = try node.inputDims(QuantizedOperands.weights).dropFirst().elementCount
    return QuantizedOperands.relativeTime(
      elements: output.elementCount, depth: depth, movedByteCount: 2 * pixels + 8 * output.elementCount)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forOperations(shape.operations, limit: limit))
    let source = builder.input(0, try .plain(shape.input, product.operands.source))
    let weights = builder.input(QuantizedOperands.weights, try .plain(shape.weights, .int8))
    var added: [Int] = []
    for addition in try additions {
      let tensor = builder.input(addition.input, try .plain(addition.description.shape))
      added.append(try builder.reordered(tensor, to: addition.description))
    }
    added += try product.operands.quantizationOperand(&builder)
    try builder.addConvolution(
      try description(isFinal: true), source, weights, bias: nil,
      operands: PostOperation.arguments(try operations(isFinal: true), added),
      into: builder.output(0, .plain(shape.output, product.operands.destination)))
    return builder.finish()
  }

  private var additions: [(input: Int, description: MemoryDescription)] {
    get throws(KernelError) {
      let vector = try MemoryDescription.plain(shape.channelVector)
      return product.additions(bias: vector, added: addsImage ? try .channelsLast(shape.output) : vector)
    }
  }

  private func operations(isFinal: Bool) throws(KernelError) -> [PostOperation] {
    try product.operations(isFinal: isFinal, adding: additions.map(\.description))
  }

  private func description(isFinal: Bool) throws(KernelError) -> PrimitiveDescription {
    let description = try PrimitiveDescription(
      convolution: shape, of: .channelsLast(shape.input, product.operands.source), .any(shape.weights, .int8),
      into: .channelsLast(shape.output, product.operands.destination),
      product.operands.attributes(isFinal: isFinal, channels: 0..<shape.output[1], operations(isFinal: isFinal)))
    // By a product of matrices, oneDNN 2.6 adds another group's numbers.
    if shape.hasGroups, description.implementation.contains("gemm") {
      throw .unsupported("oneDNN has no direct kernel for it, and the other one is wrong with groups")
    }
    return try description.compiled()
  }
}
