import CDNNL

/// InstanceNormalization, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
///
/// X [N, C, ...], scale and bias [C]. A channel lies in memory in one piece, so it is a row to normalize.
struct InstanceNormalization: Operation {
  private let node: Node
  /// [N, C, everything else].
  private let dims: [Int]

  init(_ node: Node) throws(KernelError) {
    let input = try node.inputDims(0)
    guard input.count >= 2, try node.outputDims(0) == input else {
      throw .unsupported("X has shape \(input), Y \(try node.outputDims(0))")
    }
    for index in 1...2 where try node.inputDims(index) != [input[1]] {
      throw .unsupported("input \(index) has shape \(try node.inputDims(index)), expected [\(input[1])]")
    }
    self.node = node
    dims = [input[0], input[1], input.dropFirst(2).elementCount]
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(dims.elementCount, steps: 6, limit: limit))
    let rows = try MemoryDescription.plain([dims[0] * dims[1], dims[2]])
    try builder.normalizeRows(
      builder.input(0, rows), epsilon: node.float("epsilon", default: 1e-5), into: builder.output(0, rows))
    let result = builder.output(0, try .channelRows(dims))
    let channels = try MemoryDescription.channelVector(dims)
    try builder.combine(
      dnnl_binary_mul, result, builder.input(1, channels), added: builder.input(2, channels), into: result,
      attributes: PrimitiveAttributes())
    return builder.finish()
  }
}
