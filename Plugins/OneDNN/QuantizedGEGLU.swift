import CDNNL

/// QuantizedGEGLU, ai.oneiro opset 1.
///
/// A [M, K] and B [K, 2 N], or with transB [2 N, K], of bytes give Y [M, N] = value * Gelu(gate), quantized; C [2 N]. The
/// columns of gates are one product, those of values, behind which the rest is done, another one.
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
    guard !hasBias || node.constant(QuantizedOperands.bias) != nil else {
      throw .unsupported("the bias comes with the run")
    }
    _ = try gates(isFinal: false)
    _ = try values(isFinal: false)
  }

  /// Gates are written as floats, and read again.
  static func relativeTime(_ node: Node) throws(KernelError) -> Double {
    let depth = try node.inputDims(0).last ?? 1
    return QuantizedOperands.relativeTime(elements: 2 * (try node.outputDims(0).elementCount), depth: depth)
      + 40 / Double(depth)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forOperations(matrices.operations, limit: limit))
    let source = builder.input(0, try .plain([rows, depth], operands.source))
    let gate = try builder.intermediate(.plain([rows, half]))
    let result = builder.output(0, try .plain([rows, half], operands.destination))
    let gateBias = try bias(half, &builder), valueBias = try bias(0, &builder)
    try builder.addProduct(
      try gates(isFinal: true), source, weights(half, &builder), operands: gateBias, into: gate)
    try builder.addProduct(
      try values(isFinal: true), source, weights(0, &builder), operands: valueBias + [gate], into: result)
    return builder.finish()
  }

  private var hasBias: Bool { node.hasInput(QuantizedOperands.bias) }

  /// Half of the columns of B.
  private func weights(_ column: Int, _ builder: inout ProgramBuilder) throws(KernelError) -> Int {
    return try builder.part(
      QuantizedOperands.weights, from: column * matrices.strides[1], .strided([depth, half], matrices.strides, .int8))
  }

  private func bias(_ column: Int, _ builder: inout ProgramBuilder) throws(KernelError) -> [Int] {
    guard hasBias else { return [] }
    let offset = column * MemoryLayout<Float>.size
    return [try builder.part(QuantizedOperands.bias, from: offset, .plain([1, half]))]
  }

  private func gates(isFinal: Bool) throws(KernelError) -> PrimitiveDescription {
    try product(isFinal: isFinal, half..<2 * half, [.activation(gelu)], into: .float32)
  }

  private func values(isFinal: Bool) throws(KernelError) -> PrimitiveDescription {
    let quantization = try operands.quantization(isFinal: isFinal)
    return try product(
      isFinal: isFinal, 0..<half, [.multiply(.plain([rows, half]))] + quantization, into: operands.destination)
  }

  private func product(
    isFinal: Bool, _ columns: Range<Int>, _ operations: [PostOperation], into type: ElementType
  ) throws(KernelError) -> PrimitiveDescription {
    let bias = hasBias ? [PostOperation.add(try .plain([1, half]))] : []
    return try PrimitiveDescription(
      productOf: .plain([rows, depth], operands.source), .any([depth, half], .int8), into: .plain([rows, half], type),
      operands.attributes(isFinal: isFinal, channels: columns, bias + operations)
    ).compiled()
  }
}
