import CDNNL

/// LayerNormalization, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
///
/// Scale and B have the shape of the normalized axes, which lie next to each other, so these are one row.
struct LayerNormalization: Operation {
  private let node: Node
  private let rows: Int
  private let columns: Int

  init(_ node: Node) throws(KernelError) {
    self.node = node
    guard node.outputCount == 1 else { throw .unsupported("Mean or InvStdDev is asked for") }
    guard node.int("stash_type", default: 1) == 1 else { throw .unsupported("stash_type is not float32") }
    let input = try node.inputDims(0)
    guard try node.outputDims(0) == input else { throw .unsupported("input and output differ in shape") }
    let axis = try node.axis(default: -1, rank: input.count)
    columns = input[axis...].elementCount
    rows = input[..<axis].elementCount
    for index in 1...2 where node.hasInput(index) || index == 1 {
      guard try node.inputDims(index) == Array(input[axis...]) else {
        throw .unsupported("input \(index) has shape \(try node.inputDims(index)), expected \(input[axis...])")
      }
    }
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(rows * columns, steps: 6, limit: limit))
    let layout = try MemoryDescription.plain([rows, columns])
    let parameters = try MemoryDescription.plain([columns])
    try builder.normalizeRows(
      builder.input(0, layout), scale: builder.input(1, parameters),
      shift: node.hasInput(2) ? builder.input(2, parameters) : nil, epsilon: node.float("epsilon", default: 1e-5),
      into: builder.output(0, layout))
    return builder.finish()
  }
}

extension ProgramBuilder {
  /// Adds (row - mean) / sqrt(variance + epsilon) (* scale + shift) for each row of a matrix. oneDNN takes the variance
  /// in a second pass over the row, around the mean of the first.
  mutating func normalizeRows(
    _ source: Int, scale: Int? = nil, shift: Int? = nil, epsilon: Float, into destination: Int
  ) throws(KernelError) {
    var layout = description(of: source)
    var statistics = try MemoryDescription.plain([layout.shape[0]])
    var flags = dnnl_normalization_flags_none.rawValue
    var arguments = [
      (number: PrimitiveArgument.source, tensor: source), (number: PrimitiveArgument.destination, tensor: destination),
    ]
    if let scale {
      flags |= dnnl_use_scale.rawValue
      arguments.append((PrimitiveArgument.scale, scale))
    }
    if let shift {
      flags |= dnnl_use_shift.rawValue
      arguments.append((PrimitiveArgument.shift, shift))
    }
    var operation = dnnl_layer_normalization_desc_t()
    try check(
      dnnl_layer_normalization_forward_desc_init(
        &operation, dnnl_forward_inference, &layout, &statistics, epsilon, UInt32(flags)),
      "describing a layer normalization")
    try add(PrimitiveDescription(operation, PrimitiveAttributes()), arguments)
  }
}
