import CDNNL

/// Gemm, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Gemm.html
///
/// alpha * A' * B' + beta * C, where A' [M, K] and B' [K, N] may be stored transposed and C broadcasts to [M, N].
/// ai.oneiro's FusedGemm adds Z [M, N] and ends with an activation.
struct Gemm: Operation {
  private let node: Node
  private let rows: Int
  private let inner: Int
  private let columns: Int
  /// C's shape in two axes; nil without C or where beta makes nothing of it.
  private let addend: [Int]?
  /// nil for none.
  private let activation: dnnl_alg_kind_t?

  init(_ node: Node) throws(KernelError) {
    self.node = node
    var left = try node.inputDims(0)
    var right = try node.inputDims(1)
    guard left.count == 2, right.count == 2 else { throw .unsupported("A and B have shapes \(left) and \(right)") }
    if node.int("transA", default: 0) != 0 { left.reverse() }
    if node.int("transB", default: 0) != 0 { right.reverse() }
    guard left[1] == right[0] else { throw .unsupported("inner axes differ: \(left[1]) and \(right[0])") }
    (rows, inner, columns) = (left[0], left[1], right[1])
    guard try node.outputDims(0) == [rows, columns] else {
      throw .unsupported("Y has shape \(try node.outputDims(0)), expected \([rows, columns])")
    }
    activation = try Activation.algorithm(node.string("activation", default: ""))
    if node.hasInput(3), try node.inputDims(3) != [rows, columns] {
      throw .unsupported("Z has shape \(try node.inputDims(3)), expected \([rows, columns])")
    }
    guard node.hasInput(2), node.float("beta", default: 1) != 0 else {
      addend = nil
      return
    }
    let dims = try node.inputDims(2)
    guard dims.count <= 2, try Broadcast(dims, [rows, columns]).result == [rows, columns] else {
      throw .unsupported("C has shape \(dims), which does not broadcast to \([rows, columns])")
    }
    addend = Array(repeating: 1, count: 2 - dims.count) + dims
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let alpha = node.float("alpha", default: 1)
    let beta = node.float("beta", default: 1)
    let operations = 2 * Double(rows) * Double(inner) * Double(columns)
    var builder = ProgramBuilder(node, threads: Threads.forOperations(operations, limit: limit))
    let source = builder.input(0, try matrix(rows, inner, isTransposed: node.int("transA", default: 0) != 0))
    let weights = builder.input(1, try matrix(inner, columns, isTransposed: node.int("transB", default: 0) != 0))
    let destination = builder.output(0, try .plain([rows, columns]))
    let added = node.hasInput(3) ? builder.input(3, try .plain([rows, columns])) : nil
    let hasPlainBias = addend.map { $0 == [1, columns] } ?? true
    if hasPlainBias, alpha == 1, beta == 1 || addend == nil {
      let bias = try addend.map { addend throws(KernelError) in builder.input(2, try .plain(addend)) }
      try builder.multiply(source, weights, bias: bias, added: added, activation: activation, into: destination)
      return builder.finish()
    }
    guard added == nil, activation == nil else {
      throw .unsupported("alpha \(alpha), beta \(beta) or a C that is no row, together with what FusedGemm adds")
    }
    try builder.multiply(source, weights, into: destination)
    if let addend {
      let added = builder.input(2, try .plain(addend))
      try builder.combine(
        dnnl_binary_add, destination, added, into: destination,
        attributes: PrimitiveAttributes(firstScale: alpha, secondScale: beta))
    } else if alpha != 1 {
      try builder.transform(dnnl_eltwise_linear, destination, alpha: alpha, into: destination)
    }
    return builder.finish()
  }

  private func matrix(_ rows: Int, _ columns: Int, isTransposed: Bool) throws(KernelError) -> MemoryDescription {
    try .strided([rows, columns], isTransposed ? [1, rows] : [columns, 1])
  }
}
