import CDNNL

/// QuantizedGemm, ai.oneiro opset 1.
///
/// A [M, K] and B [K, N], or with transB [N, K], of bytes give Y [M, N]; C [N], Z [M, N].
struct QuantizedGemm: Operation {
  private let node: Node
  private let operands: QuantizedOperands
  private let ending: QuantizedEnding
  private let rows, depth, columns: Int

  init(_ node: Node) throws(KernelError) {
    self.node = node
    let left = try node.inputDims(0)
    var right = try node.inputDims(QuantizedOperands.weights)
    guard left.count == 2, right.count == 2 else { throw .unsupported("A and B have shapes \(left) and \(right)") }
    if node.int("transB", default: 0) != 0 { right.reverse() }
    guard left[1] == right[0] else { throw .unsupported("inner axes differ: \(left[1]) and \(right[0])") }
    (rows, depth, columns) = (left[0], left[1], right[1])
    for (name, dims) in [
      ("Y", try node.outputDims(0)),
      ("Z", node.hasInput(QuantizedEnding.added) ? try node.inputDims(QuantizedEnding.added) : [rows, columns]),
    ] where dims != [rows, columns] {
      throw .unsupported("\(name) has shape \(dims), expected \([rows, columns])")
    }
    operands = try QuantizedOperands(node, channels: columns, depth: depth, yScale: QuantizedEnding.yScale)
    ending = try QuantizedEnding(node)
    _ = try description(isFinal: false)
  }

  static func relativeTime(_ node: Node) throws(KernelError) -> Double {
    QuantizedOperands.relativeTime(
      elements: try node.outputDims(0).elementCount, depth: try node.inputDims(0).last ?? 1)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let operations = 2 * Double(rows) * Double(depth) * Double(columns)
    var builder = ProgramBuilder(node, threads: Threads.forOperations(operations, limit: limit))
    let strides = node.int("transB", default: 0) != 0 ? [1, depth] : [columns, 1]
    let source = builder.input(0, try .plain([rows, depth], operands.source))
    let weights = builder.input(QuantizedOperands.weights, try .strided([depth, columns], strides, .int8))
    let added = try additions.map { builder.input($0.input, $0.description) }
    let destination = builder.output(0, try .plain([rows, columns], operands.destination))
    try builder.addProduct(try description(isFinal: true), source, weights, operands: added, into: destination)
    return builder.finish()
  }

  private var additions: [(input: Int, description: MemoryDescription)] {
    get throws(KernelError) { ending.additions(bias: try .plain([1, columns]), added: try .plain([rows, columns])) }
  }

  private func description(isFinal: Bool) throws(KernelError) -> PrimitiveDescription {
    let operations = try ending.operations(operands, isFinal: isFinal, adding: additions.map(\.description))
    return try PrimitiveDescription(
      productOf: .plain([rows, depth], operands.source), .any([depth, columns], .int8),
      into: .plain([rows, columns], operands.destination),
      operands.attributes(isFinal: isFinal, channels: 0..<columns, operations)
    ).compiled()
  }
}
