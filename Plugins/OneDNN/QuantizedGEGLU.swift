import CDNNL

/// QuantizedGEGLU, ai.oneiro opset 1.
///
/// A [M, K] and B [K, 2 N], or with transB [2 N, K], of bytes give Y [M, N] = value * Gelu(gate), quantized; C [2 N].
/// The columns of gates are one product, those of values, behind which the rest is done, another one.
struct QuantizedGEGLU: Operation {
  private let node: Node
  private let operands: QuantizedOperands
  private let matrices: QuantizedMatrices
  private let rows, depth, half: Int
  private let gelu: dnnl_alg_kind_t

  private static let yScale = 6

  init(_ node: Node) throws(KernelError) {
    self.node = node
    matrices = try QuantizedMatrices(node)
    (rows, depth, half) = (matrices.rows, matrices.depth, matrices.columns / 2)
    guard matrices.columns % 2 == 0 else { throw .unsupported("B has \(matrices.columns) columns, an odd number") }
    guard try node.outputDims(0) == [rows, half] else {
      throw .unsupported("Y has shape \(try node.outputDims(0)), expected \([rows, half])")
    }
    switch node.string("approximate", default: "none") {
    case "none": gelu = dnnl_eltwise_gelu_erf
    case "tanh": gelu = dnnl_eltwise_gelu_tanh
    case let other: throw .unsupported("approximate \(other)")
    }
    operands = try QuantizedOperands(node, channels: 2 * half, depth: depth, yScale: Self.yScale)
    for index in [QuantizedOperands.weights, QuantizedOperands.bias]
    where node.hasInput(index) && node.constant(index) == nil {
      throw .unsupported("input \(index) comes with the run, and its halves are told apart before")
    }
    _ = try product(isFinal: false, half..<2 * half, gateOperations, into: .float32)
    _ = try product(isFinal: false, 0..<half, valueOperations(isFinal: false), into: operands.destination)
  }

  /// Gates are written as floats, and read again.
  static func relativeTime(_ node: Node) throws(KernelError) -> Double {
    let depth = try node.inputDims(0).last ?? 1, elements = try node.outputDims(0).elementCount
    return QuantizedOperands.relativeTime(elements: 2 * elements, depth: depth, movedByteCount: 8 * elements)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forOperations(matrices.operations, limit: limit))
    let source = builder.input(0, try .plain([rows, depth], operands.source))
    let gate = try builder.intermediate(.plain([rows, half]))
    let result = builder.output(0, try .plain([rows, half], operands.destination))
    let gateOperations = try gateOperations
    let gateBias = try bias(half, &builder), valueBias = try bias(0, &builder)
    let others = valueBias + [gate] + (try operands.quantizationOperand(&builder))
    try builder.addProduct(
      try product(isFinal: true, half..<2 * half, gateOperations, into: .float32), source, weights(half, &builder),
      operands: PostOperation.arguments(gateOperations, gateBias), into: gate)
    let operations = try valueOperations(isFinal: true)
    try builder.addProduct(
      try product(isFinal: true, 0..<half, operations, into: operands.destination), source, weights(0, &builder),
      operands: PostOperation.arguments(operations, others), into: result)
    return builder.finish()
  }

  private var hasBias: Bool { node.hasInput(QuantizedOperands.bias) }

  /// Half of the columns of B.
  private func weights(_ column: Int, _ builder: inout ProgramBuilder) throws(KernelError) -> Int {
    // To oneDNN, a single row is without gaps only if the next one would follow.
    let strides = depth == 1 ? [half, 1] : matrices.strides
    return try builder.part(
      QuantizedOperands.weights, from: column * matrices.strides[1], .strided([depth, half], strides, .int8))
  }

  private func bias(_ column: Int, _ builder: inout ProgramBuilder) throws(KernelError) -> [Int] {
    guard hasBias else { return [] }
    let offset = column * MemoryLayout<Float>.size
    return [try builder.part(QuantizedOperands.bias, from: offset, .plain([1, half]))]
  }

  private var biasOperations: [PostOperation] {
    get throws(KernelError) { hasBias ? [.add(try .plain([1, half]))] : [] }
  }

  private var gateOperations: [PostOperation] {
    get throws(KernelError) { try biasOperations + [.activation(gelu)] }
  }

  private func valueOperations(isFinal: Bool) throws(KernelError) -> [PostOperation] {
    try biasOperations + [.multiply(.plain([rows, half]))] + operands.quantization(isFinal: isFinal)
  }

  private func product(
    isFinal: Bool, _ columns: Range<Int>, _ operations: [PostOperation], into type: ElementType
  ) throws(KernelError) -> PrimitiveDescription {
    try PrimitiveDescription(
      productOf: .plain([rows, depth], operands.source), .any([depth, half], .int8), into: .plain([rows, half], type),
      operands.attributes(isFinal: isFinal, channels: columns, operations)
    ).compiled()
  }
}
