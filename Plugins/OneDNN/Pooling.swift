import CDNNL

/// MaxPool and AveragePool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__AveragePool.html
///
/// X [N, C, spatial...] gives Y [N, C, spatial...]; one to three spatial axes.
struct Pooling: Operation {
  enum Kind {
    case max
    case average
  }

  private let node: Node
  private let input: [Int]
  private let output: [Int]
  private let algorithm: dnnl_alg_kind_t
  private let window: Window
  private let padsEnd: [Int]

  init(_ node: Node, _ kind: Kind) throws(KernelError) {
    guard node.outputCount == 1 else { throw .unsupported("Indices are asked for") }
    let input = try node.inputDims(0)
    guard (3...5).contains(input.count) else { throw .unsupported("X has \(input.count) axes, expected 3 to 5") }
    let kernel = try node.ints("kernel_shape", count: input.count - 2, default: 0)
    guard kernel.allSatisfy({ $0 > 0 }) else { throw .unsupported("kernel_shape is missing or not positive") }
    let output = try node.outputDims(0)
    guard output.count == input.count, output.prefix(2) == input.prefix(2) else {
      throw .unsupported("Y has shape \(output), X \(input)")
    }
    let inputExtents = Array(input.dropFirst(2))
    let outputExtents = Array(output.dropFirst(2))
    let window = try Window(node, kernel: kernel, input: inputExtents, output: outputExtents)
    let exact = window.exactPadsEnd(input: inputExtents, output: outputExtents)
    var padsEnd = window.padsEnd
    if !window.fits(input: inputExtents, output: outputExtents) {
      // Rounding up adds one window that hangs over the end by less than a stride.
      let overhang = zip(exact, window.padsEnd).map { $0 - $1 }
      guard node.int("ceil_mode", default: 0) != 0, zip(overhang, window.strides).allSatisfy({ $0 < $1 }) else {
        throw .unsupported("Y has spatial extents \(outputExtents), which pads and strides do not give")
      }
      padsEnd = zip(exact, window.padsEnd).map { Swift.max($0, $1) }
    }
    let countsPads = node.int("count_include_pad", default: 0) != 0
    if kind == .average, countsPads, padsEnd != window.padsEnd {
      throw .unsupported("count_include_pad with a window beyond the pads, which oneDNN would count as well")
    }
    guard kernel.map(Double.init).reduce(1, *) <= Double(Int32.max) else {
      throw .unsupported("kernel_shape \(kernel) has more cells than oneDNN counts")
    }
    // A window of nothing but pads has no maximum and no mean.
    for axis in kernel.indices {
      let lastStart = (outputExtents[axis] - 1) * window.strides[axis] - window.padsBegin[axis]
      guard window.padsBegin[axis] < window.extents[axis], lastStart < inputExtents[axis] else {
        throw .unsupported("a window lies wholly in the pads")
      }
    }
    self.node = node
    self.input = input
    self.output = output
    self.window = window
    self.padsEnd = padsEnd
    switch kind {
    case .max: algorithm = dnnl_pooling_max
    case .average: algorithm = countsPads ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding
    }
    _ = try description(.plain)
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let visited = Double(output.elementCount) * Double(window.kernel.elementCount)
    let threads = Threads.forOperations(visited, limit: limit)
    let key = "Pool \(input) \(output) \(window) \(padsEnd) \(algorithm.rawValue) \(node.inputForms) \(threads)"
    return try FastestChoice.pick(
      [SpatialLayout.plain, .channelsLast], unmeasured: 0, key: key, node, tuning
    ) { layout throws(KernelError) in
      var builder = ProgramBuilder(node, threads: threads)
      let pooling = try description(layout)
      let x = builder.input(0, try .plain(input))
      let y = builder.output(0, try .plain(output))
      let result = try builder.place(for: pooling.destination, or: y)
      let source = try builder.reordered(x, to: pooling.source)
      try builder.add(pooling, [(PrimitiveArgument.source, source), (PrimitiveArgument.destination, result)])
      if result != y { try builder.reorder(result, into: y) }
      return Candidate(program: builder.finish(), implementation: pooling.implementation)
    }
  }

  private func description(_ layout: SpatialLayout) throws(KernelError) -> PrimitiveDescription {
    var source = try layout.description(input)
    var destination = try layout.description(output)
    var operation = dnnl_pooling_v2_desc_t()
    try check(
      dnnl_pooling_v2_forward_desc_init(
        &operation, dnnl_forward_inference, algorithm, &source, &destination, window.strides.wide,
        window.kernel.wide, window.skippedCells.wide, window.padsBegin.wide, padsEnd.wide), "describing a pooling")
    return try PrimitiveDescription(operation, PrimitiveAttributes())
  }
}
