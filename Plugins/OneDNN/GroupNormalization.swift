import CDNNL

/// GroupNormalization, ai.onnx opset 21: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
/// InstanceNormalization, ai.onnx opset 22, is the same with each channel its own group.
///
/// X [N, C, ...], scale and bias [C]. A group lies in memory in one piece, so it is a row to normalize.
struct GroupNormalization: Operation {
  private let node: Node
  /// [N, C, everything else].
  private let dims: [Int]
  private let groups: Int

  init(_ node: Node) throws(KernelError) {
    let channels = try Self.checkedChannels(node)
    let groups = node.int("num_groups", default: 0)
    guard groups > 0, channels % groups == 0 else {
      throw .unsupported("num_groups \(groups) does not divide \(channels) channels")
    }
    guard node.int("stash_type", default: 1) == 1 else { throw .unsupported("stash_type is not float32") }
    try self.init(node, groups: groups)
  }

  /// InstanceNormalization.
  init(instance node: Node) throws(KernelError) {
    try self.init(node, groups: Self.checkedChannels(node))
  }

  private init(_ node: Node, groups: Int) throws(KernelError) {
    let input = try node.inputDims(0)
    self.node = node
    self.groups = groups
    dims = [input[0], input[1], input.dropFirst(2).elementCount]
  }

  private static func checkedChannels(_ node: Node) throws(KernelError) -> Int {
    let input = try node.inputDims(0)
    guard input.count >= 2, try node.outputDims(0) == input else {
      throw .unsupported("X has shape \(input), Y \(try node.outputDims(0))")
    }
    for index in 1...2 where try node.inputDims(index) != [input[1]] {
      throw .unsupported("input \(index) has shape \(try node.inputDims(index)), expected [\(input[1])]")
    }
    return input[1]
  }

  func program(threads limit: Int32) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(dims.elementCount, steps: 6, limit: limit))
    let rows = try MemoryDescription.plain([dims[0] * groups, dims[1] / groups * dims[2]])
    try builder.normalizeRows(
      builder.input(0, rows), epsilon: node.float("epsilon", default: 1e-5), into: builder.output(0, rows))
    // Scale and bias go by channel, of which a row has several.
    let result = builder.output(0, try .channelRows(dims))
    let channels = try MemoryDescription.channelVector(dims)
    try builder.combine(
      dnnl_binary_mul, result, builder.input(1, channels), added: builder.input(2, channels), into: result,
      attributes: PrimitiveAttributes())
    return builder.finish()
  }
}
