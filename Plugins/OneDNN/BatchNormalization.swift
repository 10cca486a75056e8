import CDNNL

/// BatchNormalization as in inference, ai.onnx opset 15: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
///
/// X [N, C, ...], scale, B, mean and variance [C].
struct BatchNormalization: Operation {
  private let node: Node
  /// [N, C, 1, everything else].
  private let dims: [Int]

  init(_ node: Node) throws(KernelError) {
    self.node = node
    guard node.int("training_mode", default: 0) == 0, node.outputCount == 1 else { throw .unsupported("training") }
    let input = try node.inputDims(0)
    guard input.count >= 2, try node.outputDims(0) == input else {
      throw .unsupported("X has shape \(input), Y \(try node.outputDims(0))")
    }
    for index in 1...4 where try node.inputDims(index) != [input[1]] {
      throw .unsupported("input \(index) has shape \(try node.inputDims(index)), expected [\(input[1])]")
    }
    dims = [input[0], input[1], 1, input.dropFirst(2).elementCount]
  }

  func program(threads limit: Int32) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(2 * dims.elementCount, limit: limit))
    var layout = try MemoryDescription.plain(dims)
    let flags = dnnl_use_global_stats.rawValue | dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
    var operation = dnnl_batch_normalization_desc_t()
    try check(
      dnnl_batch_normalization_forward_desc_init(
        &operation, dnnl_forward_inference, &layout, node.float("epsilon", default: 1e-5), UInt32(flags)),
      "describing a batch normalization")
    let channels = try MemoryDescription.plain([dims[1]])
    try builder.add(
      PrimitiveDescription(operation, PrimitiveAttributes()),
      [
        (PrimitiveArgument.source, builder.input(0, layout)), (PrimitiveArgument.scale, builder.input(1, channels)),
        (PrimitiveArgument.shift, builder.input(2, channels)), (PrimitiveArgument.mean, builder.input(3, channels)),
        (PrimitiveArgument.variance, builder.input(4, channels)),
        (PrimitiveArgument.destination, builder.output(0, layout)),
      ])
    return builder.finish()
  }
}
