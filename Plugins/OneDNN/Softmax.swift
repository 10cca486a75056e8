import CDNNL

/// Softmax and LogSoftmax, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Softmax.html
struct Softmax: Operation {
  private let node: Node
  private let algorithm: dnnl_alg_kind_t
  /// [elements before the axis, the axis, elements behind it].
  private let dims: [Int]

  /// - algorithm: `dnnl_softmax_accurate` or `dnnl_softmax_log`.
  init(_ node: Node, _ algorithm: dnnl_alg_kind_t) throws(KernelError) {
    self.node = node
    self.algorithm = algorithm
    let input = try node.inputDims(0)
    guard try node.outputDims(0) == input else { throw .unsupported("input and output differ in shape") }
    let axis = try node.axis(default: -1, rank: input.count)
    dims = [input[..<axis].elementCount, input[axis], input[(axis + 1)...].elementCount]
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    var builder = ProgramBuilder(node, threads: Threads.forElements(dims.elementCount, steps: 10, limit: limit))
    let source = builder.input(0, try .plain(dims))
    let destination = builder.output(0, try .plain(dims))
    // oneDNN's compiled kernels want the axis innermost.
    var layout = try MemoryDescription.strided(dims, [dims[1] * dims[2], 1, dims[1]])
    var operation = dnnl_softmax_v2_desc_t()
    try check(
      dnnl_softmax_v2_forward_desc_init(&operation, dnnl_forward_inference, algorithm, &layout, &layout, 1),
      "describing a softmax")
    let result = try builder.place(for: layout, or: destination)
    let argument = result == destination ? source : result
    if argument == result { try builder.reorder(source, into: result) }
    try builder.add(
      PrimitiveDescription(operation, PrimitiveAttributes()),
      [(PrimitiveArgument.source, argument), (PrimitiveArgument.destination, result)])
    if result != destination { try builder.reorder(result, into: destination) }
    return builder.finish()
  }
}
