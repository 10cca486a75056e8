import CDNNL

/// Shapes of a convolution, and how its window moves: X [N, C, spatial...] and W [M, C / group, kernel...] give
/// Y [N, M, spatial...]; one to three spatial axes.
struct ConvolutionShape {
  let input: [Int]
  /// W's, or with groups [group, M / group, C / group, kernel...]: the same elements in the same order.
  let weights: [Int]
  let output: [Int]
  let window: Window

  /// - weights: which input W is; X is the first.
  init(_ node: Node, weights index: Int) throws(KernelError) {
    input = try node.inputDims(0)
    output = try node.outputDims(0)
    let weights = try node.inputDims(index)
    try checkConvolutionRanks(input, weights, output)
    let group = node.int("group", default: 1)
    guard group > 0, weights[0] % group == 0, weights[1].multipliedReportingOverflow(by: group) == (input[1], false)
    else { throw .unsupported("group \(group) does not fit W \(weights) and \(input[1]) channels") }
    guard output[0] == input[0], output[1] == weights[0] else {
      throw .unsupported("Y has shape \(output), expected \([input[0], weights[0]]) first")
    }
    self.weights = group == 1 ? weights : [group, weights[0] / group] + weights.dropFirst()
    let inputExtents = Array(input.dropFirst(2))
    let outputExtents = Array(output.dropFirst(2))
    window = try Window(node, kernel: Array(weights.dropFirst(2)), input: inputExtents, output: outputExtents)
    guard window.fits(input: inputExtents, output: outputExtents) else {
      throw .unsupported("Y has spatial extents \(outputExtents), which pads and strides do not give")
    }
  }

  var hasGroups: Bool { weights.count > input.count }

  /// Products that are summed up for one element of Y.
  var depth: Int { weights.elementCount / output[1] }

  /// Floating-point operations, or those of integers.
  var operations: Double { 2 * Double(output.elementCount) * Double(depth) }

  /// Of one number for each channel of Y.
  var channelVector: [Int] { [1, output[1]] + output.dropFirst(2).map { _ in 1 } }

  /// Whether each pixel of Y sees one pixel of X, the one at its own place.
  var isPointwise: Bool {
    weights.count == input.count && input.dropFirst(2) == output.dropFirst(2)
      && window.kernel.allSatisfy { $0 == 1 } && window.strides.allSatisfy { $0 == 1 }
  }
}

func checkConvolutionRanks(_ input: [Int], _ weights: [Int], _ output: [Int]) throws(KernelError) {
  guard (3...5).contains(input.count) else { throw .unsupported("X has \(input.count) axes, expected 3 to 5") }
  guard weights.count == input.count, output.count == input.count else {
    throw .unsupported("X, W and Y differ in their number of axes")
  }
}

extension PrimitiveDescription {
  /// oneDNN's convolution, by the definition.
  init(
    convolution shape: ConvolutionShape, of source: MemoryDescription, _ weights: MemoryDescription,
    bias: MemoryDescription = .absent, into destination: MemoryDescription, _ attributes: PrimitiveAttributes
  ) throws(KernelError) {
    var source = source
    var weights = weights
    var bias = bias
    var destination = destination
    let window = shape.window
    var operation = dnnl_convolution_desc_t()
    try check(
      dnnl_dilated_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias, &destination,
        window.strides.wide, window.skippedCells.wide, window.padsBegin.wide, window.padsEnd.wide),
      "describing a convolution")
    try self.init(operation, attributes)
  }
}

extension ProgramBuilder {
  /// Adds a convolution or its transpose between reorders from and to the layouts that the tensors have.
  /// - operands: arguments of `convolution`'s post-operations.
  mutating func addConvolution(
    _ convolution: borrowing PrimitiveDescription, _ source: Int, _ weights: Int, bias: Int?,
    operands: [(number: Int32, tensor: Int)] = [],
    into destination: Int
  ) throws(KernelError) {
    let result = try place(for: convolution.destination, or: destination)
    var arguments = [
      (number: PrimitiveArgument.source, tensor: try reordered(source, to: convolution.source)),
      (number: PrimitiveArgument.weights, tensor: try reordered(weights, to: convolution.weights)),
      (number: PrimitiveArgument.destination, tensor: result),
    ]
    if let bias { arguments.append((number: PrimitiveArgument.bias, tensor: bias)) }
    arguments += operands
    try add(convolution, arguments)
    if result != destination { try reorder(result, into: destination) }
  }
}
