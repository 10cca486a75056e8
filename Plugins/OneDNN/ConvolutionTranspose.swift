import CDNNL

/// ConvTranspose, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
///
/// X [N, C, spatial...], W [C, M / group, kernel...], B [M] give Y [N, M, spatial...]; one to three spatial axes.
struct ConvolutionTranspose: Operation {
  private let node: Node
  private let input: [Int]
  private let output: [Int]
  private let group: Int
  private let window: Window
  private let padsEnd: [Int]

  init(_ node: Node) throws(KernelError) {
    self.node = node
    input = try node.inputDims(0)
    output = try node.outputDims(0)
    let weights = try node.inputDims(1)
    try checkConvolutionRanks(input, weights, output)
    group = node.int("group", default: 1)
    let (channels, overflow) = weights[1].multipliedReportingOverflow(by: group)
    guard group > 0, !overflow, weights[0] == input[1], weights[0] % group == 0 else {
      throw .unsupported("group \(group) does not fit W \(weights) and \(input[1]) channels")
    }
    guard Array(output.prefix(2)) == [input[0], channels] else {
      throw .unsupported("Y has shape \(output), expected \([input[0], channels]) first")
    }
    try node.checkBias(2, channels: output[1])
    let inputExtents = Array(input.dropFirst(2))
    let outputExtents = Array(output.dropFirst(2))
    window = try Window(
      transposed: node, kernel: Array(weights.dropFirst(2)), input: inputExtents, output: outputExtents)
    // oneDNN sees the convolution that leads from Y back to X. Its end pads follow from the shape of Y, in which
    // output_padding is already counted; a convolution may leave fewer cells than a stride unvisited.
    padsEnd = window.exactPadsEnd(input: outputExtents, output: inputExtents)
    for axis in padsEnd.indices where padsEnd[axis] + window.strides[axis] <= 0 {
      throw .unsupported("Y has spatial extents \(outputExtents), more than X reaches")
    }
    _ = try description(.plain)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let operations = 2 * Double(input.elementCount) * Double(output[1] / group) * Double(window.kernel.elementCount)
    let threads = Threads.forOperations(operations, limit: limit)
    let key = "ConvTranspose \(input) \(group) \(output) \(window) \(node.inputForms) \(threads)"
    let preferred = SpatialLayout.allCases.firstIndex(of: .preferred) ?? 0
    return try FastestChoice.pick(
      SpatialLayout.allCases, unmeasured: preferred, key: key, node, tuning
    ) { layout throws(KernelError) in
      var builder = ProgramBuilder(node, threads: threads)
      let convolution = try description(layout)
      let bias = node.hasInput(2) ? builder.input(2, try .plain([output[1]])) : nil
      try builder.addConvolution(
        convolution, builder.input(0, .plain(input)), builder.input(1, .strided(weights.dims, weights.strides)),
        bias: bias, into: builder.output(0, .plain(output)))
      return Candidate(program: builder.finish(), implementation: convolution.implementation)
    }
  }

  /// ONNX stores [group, C / group, M / group, kernel...]; oneDNN names the output channels first.
  private var weights: (dims: [Int], strides: [Int]) {
    let (ins, outs, kernel) = (input[1] / group, output[1] / group, window.kernel.elementCount)
    let dims = [outs, ins] + window.kernel
    let strides = [kernel, outs * kernel] + rowMajorStrides(window.kernel)
    return group == 1 ? (dims, strides) : ([group] + dims, [ins * outs * kernel] + strides)
  }

  private func description(_ layout: SpatialLayout) throws(KernelError) -> PrimitiveDescription {
    var source = try layout.description(input)
    var kernels = try MemoryDescription.any(weights.dims)
    var bias = node.hasInput(2) ? try .plain([output[1]]) : MemoryDescription.absent
    var destination = try layout.description(output)
    var operation = dnnl_deconvolution_desc_t()
    try check(
      dnnl_dilated_deconvolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_deconvolution_direct, &source, &kernels, &bias, &destination,
        window.strides.wide, window.skippedCells.wide, window.padsBegin.wide, padsEnd.wide),
      "describing a transposed convolution")
    return try PrimitiveDescription(operation, PrimitiveAttributes())
  }
}
