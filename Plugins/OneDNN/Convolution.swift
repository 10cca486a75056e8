import CDNNL

/// Conv, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Conv.html
///
/// X [N, C, spatial...], W [M, C / group, kernel...], B [M] give Y [N, M, spatial...]; one to three spatial axes.
struct Convolution: Operation {
  private let node: Node
  private let input: [Int]
  /// [M, C / group, kernel...], or [group, M / group, C / group, kernel...]: the same elements in the same order.
  private let weights: [Int]
  private let output: [Int]
  private let window: Window

  init(_ node: Node) throws(KernelError) {
    self.node = node
    input = try node.inputDims(0)
    output = try node.outputDims(0)
    let weights = try node.inputDims(1)
    guard (3...5).contains(input.count) else { throw .unsupported("\(input.count - 2) spatial axes, expected 1 to 3") }
    guard weights.count == input.count, output.count == input.count else {
      throw .unsupported("X, W and Y differ in their number of axes")
    }
    let group = node.int("group", default: 1)
    guard group > 0, weights[0] % group == 0, weights[1].multipliedReportingOverflow(by: group) == (input[1], false)
    else { throw .unsupported("group \(group) does not divide W \(weights) and \(input[1]) channels") }
    guard output[0] == input[0], output[1] == weights[0] else {
      throw .unsupported("Y has shape \(output), expected [\(input[0]), \(weights[0]), ...]")
    }
    if node.hasInput(2), try node.inputDims(2) != [weights[0]] {
      throw .unsupported("B has shape \(try node.inputDims(2)), expected [\(weights[0])]")
    }
    self.weights = group == 1 ? weights : [group, weights[0] / group] + weights.dropFirst()
    let inputExtents = Array(input.dropFirst(2))
    let outputExtents = Array(output.dropFirst(2))
    window = try Window(node, kernel: Array(weights.dropFirst(2)), input: inputExtents, output: outputExtents)
    guard window.fits(input: inputExtents, output: outputExtents) else {
      throw .unsupported("Y has spatial extents \(outputExtents), which pads and strides do not give")
    }
  }

  /// How X and Y lie while the primitive runs. They are plain outside, so all but `plain` reorder them in the workspace.
  private enum Layout: String, CaseIterable {
    case plain
    /// Whatever the implementation likes best, such as channels in blocks of a vector's width.
    case preferred
    case channelsLast

    func description(_ dims: [Int]) throws(KernelError) -> MemoryDescription {
      switch self {
      case .plain: try .plain(dims)
      case .preferred: try .any(dims)
      case .channelsLast: try .channelsLast(dims)
      }
    }
  }

  func program(threads limit: Int32) throws(KernelError) -> Program {
    let operations = 2 * Double(output.elementCount) * Double(weights.elementCount / output[1])
    let threads = Threads.forOperations(operations, limit: limit)
    let key = "Conv \(input) \(weights) \(output) \(window) \(node.hasInput(2)) \(node.constant(1) != nil) \(threads)"
    return try FastestChoice.pick(Layout.allCases, key: key, node) { layout throws(KernelError) in
      try program(layout, threads: threads)
    }
  }

  private func program(_ layout: Layout, threads: Int32) throws(KernelError) -> Candidate {
    var builder = ProgramBuilder(node, threads: threads)
    let hasBias = node.hasInput(2)
    let biasDims = [output[1]]
    var source = try layout.description(input)
    var kernels = try MemoryDescription.any(weights)
    var bias = hasBias ? try .plain(biasDims) : MemoryDescription.absent
    var destination = try layout.description(output)
    var operation = dnnl_convolution_desc_t()
    // oneDNN counts the cells between two taps, ONNX the distance.
    try check(
      dnnl_dilated_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &kernels, &bias, &destination,
        window.strides.map(Int64.init), window.dilations.map { Int64($0 - 1) }, window.padsBegin.map(Int64.init),
        window.padsEnd.map(Int64.init)), "describing a convolution")
    let description = try PrimitiveDescription(operation, PrimitiveAttributes())
    let x = builder.input(0, try .plain(input))
    let y = builder.output(0, try .plain(output))
    let w = builder.input(1, try .plain(weights))
    let result = try builder.place(for: description.destination, or: y)
    var arguments = [
      (number: PrimitiveArgument.source, tensor: try builder.reordered(x, to: description.source)),
      (number: PrimitiveArgument.weights, tensor: try builder.reordered(w, to: description.weights)),
      (number: PrimitiveArgument.destination, tensor: result),
    ]
    if hasBias {
      arguments.append((number: PrimitiveArgument.bias, tensor: builder.input(2, try .plain(biasDims))))
    }
    try builder.add(description, arguments)
    if result != y { try builder.reorder(result, into: y) }
    return Candidate(program: builder.finish(), implementation: description.implementation)
  }
}
