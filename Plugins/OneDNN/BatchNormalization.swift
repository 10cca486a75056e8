import CDNNL

/// BatchNormalization as in inference, ai.onnx opset 15: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
///
/// X [N, C, ...], scale, B, mean and variance [C].
struct BatchNormalization: Operation {
  private let node: Node
  /// [N, C, everything else].
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
    dims = [input[0], input[1], input.dropFirst(2).elementCount]
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let threads = Threads.forElements(dims.elementCount, steps: 2, limit: limit)
    var builder = ProgramBuilder(node, threads: threads)
    if let scale = node.constant(1), let shift = node.constant(2), let mean = node.constant(3),
      let variance = node.constant(4)
    {
      try addFolded(to: &builder, scale: scale, shift: shift, mean: mean, variance: variance)
    } else {
      try addPrimitive(to: &builder)
    }
    return builder.finish()
  }

  private var epsilon: Float { node.float("epsilon", default: 1e-5) }

  /// With constant parameters, a factor and an addend for each channel is all that is left: x * factor + addend.
  private func addFolded(
    to builder: inout ProgramBuilder, scale: UnsafeMutableRawPointer, shift: UnsafeMutableRawPointer,
    mean: UnsafeMutableRawPointer, variance: UnsafeMutableRawPointer
  ) throws(KernelError) {
    var factors: [Float] = []
    var addends: [Float] = []
    for channel in 0..<dims[1] {
      // Weights of a file may lie at any address.
      func value(_ pointer: UnsafeMutableRawPointer) -> Double {
        Double(pointer.loadUnaligned(fromByteOffset: channel * MemoryLayout<Float>.size, as: Float.self))
      }
      let factor = value(scale) / (value(variance) + Double(epsilon)).squareRoot()
      factors.append(Float(factor))
      addends.append(Float(value(shift) - value(mean) * factor))
    }
    let x = builder.input(0, try .channelRows(dims))
    let y = builder.output(0, try .channelRows(dims))
    let factor = builder.constant(try AlignedMemory(floats: factors), try .channelVector(dims))
    let addend = builder.constant(try AlignedMemory(floats: addends), try .channelVector(dims))
    try builder.combine(
      dnnl_binary_mul, x, factor, added: addend, into: y, attributes: PrimitiveAttributes())
  }

  private func addPrimitive(to builder: inout ProgramBuilder) throws(KernelError) {
    var layout = try MemoryDescription.plain([dims[0], dims[1], 1, dims[2]])
    let flags = dnnl_use_global_stats.rawValue | dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
    var operation = dnnl_batch_normalization_desc_t()
    try check(
      dnnl_batch_normalization_forward_desc_init(
        &operation, dnnl_forward_inference, &layout, epsilon, UInt32(flags)), "describing a batch normalization")
    let channels = try MemoryDescription.plain([dims[1]])
    try builder.add(
      PrimitiveDescription(operation, PrimitiveAttributes()),
      [
        (PrimitiveArgument.source, builder.input(0, layout)), (PrimitiveArgument.scale, builder.input(1, channels)),
        (PrimitiveArgument.shift, builder.input(2, channels)), (PrimitiveArgument.mean, builder.input(3, channels)),
        (PrimitiveArgument.variance, builder.input(4, channels)),
        (PrimitiveArgument.destination, builder.output(0, layout)),
      ])
  }
}
