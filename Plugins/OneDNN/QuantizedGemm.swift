import CDNNL

/// QuantizedGemm, ai.oneiro opset 1.
///
/// A [M, K] and B [K, N], or with transB [N, K], of bytes give Y [M, N]; C [N], Z [M, N].
struct QuantizedGemm: Operation {
  private let node: Node
  private let product: QuantizedProduct
  private let matrices: QuantizedMatrices

  init(_ node: Node) throws(KernelError) {
    self.node = node
    matrices = try QuantizedMatrices(node)
    let added = node.hasInput(QuantizedProduct.added) ? try node.inputDims(QuantizedProduct.added) : nil
    for (name, dims) in [("Y", try node.outputDims(0)), ("Z", added ?? matrices.result)]
    where dims != matrices.result {
      throw .unsupported("\(name) has shape \(dims), expected \(matrices.result)")
    }
    product = try QuantizedProduct(node, channels: matrices.columns, depth: matrices.depth)
    _ = try description(isFinal: false)
  }

  static func relativeTime(_ node: Node) throws(KernelError) -> Double {
    QuantizedOperands.relativeTime(
      elements: try node.outputDims(0).elementCount, depth: try node.inputDims(0).last ?? 1)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forOperations(matrices.operations, limit: limit))
    let source = builder.input(0, try .plain(matrices.left, product.operands.source))
    let weights = builder.input(QuantizedOperands.weights, try .strided(matrices.right, matrices.strides, .int8))
    var added = try additions.map { builder.input($0.input, $0.description) }
    added += try product.operands.quantizationOperand(&builder)
    let destination = builder.output(0, try .plain(matrices.result, product.operands.destination))
    try builder.addProduct(
      try description(isFinal: true), source, weights,
      operands: PostOperation.arguments(try operations(isFinal: true), added), into: destination)
    return builder.finish()
  }

  private var additions: [(input: Int, description: MemoryDescription)] {
    get throws(KernelError) {
      product.additions(bias: try .plain([1, matrices.columns]), added: try .plain(matrices.result))
    }
  }

  private func operations(isFinal: Bool) throws(KernelError) -> [PostOperation] {
    try product.operations(isFinal: isFinal, adding: additions.map(\.description))
  }

  private func description(isFinal: Bool) throws(KernelError) -> PrimitiveDescription {
    try PrimitiveDescription(
      productOf: .plain(matrices.left, product.operands.source), .any(matrices.right, .int8),
      into: .plain(matrices.result, product.operands.destination),
      product.operands.attributes(isFinal: isFinal, channels: 0..<matrices.columns, operations(isFinal: isFinal))
    ).compiled()
  }
}
