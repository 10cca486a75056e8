import CDNNL

/// GlobalAveragePool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
///
/// X [N, C, spatial...] gives Y [N, C, 1...]: the matrix of all channels times a column of 1 / pixels. oneDNN's pooling
/// adds one pixel after the other, which is slower and less exact.
struct GlobalAveragePool: Operation {
  private let node: Node
  private let channels: Int
  private let pixels: Int

  init(_ node: Node) throws(KernelError) {
    self.node = node
    let input = try node.inputDims(0)
    guard input.count >= 3 else { throw .unsupported("X has \(input.count) axes, expected 3 or more") }
    let output = try node.outputDims(0)
    guard output == input.prefix(2) + input.dropFirst(2).map({ _ in 1 }) else {
      throw .unsupported("Y has shape \(output), X \(input)")
    }
    channels = input.prefix(2).elementCount
    pixels = input.dropFirst(2).elementCount
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(channels * pixels, steps: 1, limit: limit))
    let column = try AlignedMemory(floats: Array(repeating: 1 / Float(pixels), count: pixels))
    try builder.multiply(
      builder.input(0, .plain([channels, pixels])), builder.constant(column, .plain([pixels, 1])),
      into: builder.output(0, .plain([channels, 1])))
    return builder.finish()
  }
}
