import CDNNL

/// Conv, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Conv.html
///
/// X [N, C, spatial...], W [M, C / group, kernel...], B [M] give Y [N, M, spatial...]; one to three spatial axes.
/// ai.oneiro's FusedConv adds Z, of Y's shape or [1, M, 1...], and ends with an activation.
struct Convolution: Operation {
  private let node: Node
  private let input: [Int]
  /// [M, C / group, kernel...], or [group, M / group, C / group, kernel...]: the same elements in the same order.
  private let weights: [Int]
  private let output: [Int]
  private let window: Window
  /// Z's shape; nil for none.
  private let added: [Int]?
  private let activation: dnnl_alg_kind_t?

  init(_ node: Node) throws(KernelError) {
    self.node = node
    input = try node.inputDims(0)
    output = try node.outputDims(0)
    let weights = try node.inputDims(1)
    try checkConvolutionRanks(input, weights, output)
    let group = node.int("group", default: 1)
    guard group > 0, weights[0] % group == 0, weights[1].multipliedReportingOverflow(by: group) == (input[1], false)
    else { throw .unsupported("group \(group) does not fit W \(weights) and \(input[1]) channels") }
    try checkConvolutionOutput(node, output, [input[0], weights[0]])
    self.weights = group == 1 ? weights : [group, weights[0] / group] + weights.dropFirst()
    let inputExtents = Array(input.dropFirst(2))
    let outputExtents = Array(output.dropFirst(2))
    window = try Window(node, kernel: Array(weights.dropFirst(2)), input: inputExtents, output: outputExtents)
    guard window.fits(input: inputExtents, output: outputExtents) else {
      throw .unsupported("Y has spatial extents \(outputExtents), which pads and strides do not give")
    }
    added = node.hasInput(3) ? try node.inputDims(3) : nil
    activation = try Activation.algorithm(node.string("activation", default: ""))
    if let added {
      guard added == output || added == [1, output[1]] + output.dropFirst(2).map({ _ in 1 }) else {
        throw .unsupported("Z has shape \(added), expected \(output) or a number for each channel of one image")
      }
      // Z is plain, and in that layout oneDNN's convolutions are many times slower; a product does not mind.
      guard isPointwise else { throw .unsupported("a residual behind filters of more than one pixel") }
    }
    _ = try description(.plain)
  }

  private var operations: Double { 2 * Double(output.elementCount) * Double(weights.elementCount / output[1]) }

  /// Operations from which on the ways to run a convolution differ by a tenth at most (measured on the layers of Stable
  /// Diffusion at 512 x 512): about five milliseconds.
  private static let plainlyLarge = 1e9

  private enum Form {
    case direct(SpatialLayout)
    /// W [M, C] times X [C, spatial], which needs no other layout.
    case product
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let threads = Threads.forOperations(operations, limit: limit)
    let ending = "\(added ?? []) \(activation?.rawValue ?? 0)"
    let key = "Conv \(input) \(weights) \(output) \(window) \(node.inputForms) \(threads) \(ending)"
    var forms = added == nil ? SpatialLayout.allCases.map(Form.direct) : []
    if isPointwise { forms.append(.product) }
    // Where an operation takes long, reorders are little beside it.
    let preferred = SpatialLayout.allCases.firstIndex(of: .preferred) ?? 0
    return try FastestChoice.pick(
      forms, unmeasured: isPointwise ? forms.count - 1 : preferred, isLong: operations >= Self.plainlyLarge, key: key,
      node, tuning
    ) { form throws(KernelError) in
      var builder = ProgramBuilder(node, threads: threads)
      switch form {
      case .direct(let layout):
        let convolution = try description(layout)
        try builder.addConvolution(
          convolution, input: .plain(input), weights: .plain(weights), hasBias: node.hasInput(2),
          output: .plain(output))
        return Candidate(program: builder.finish(), implementation: convolution.implementation)
      case .product:
        let implementation = try addProduct(to: &builder)
        return Candidate(program: builder.finish(), implementation: implementation)
      }
    }
  }

  /// Whether each pixel of Y sees one pixel of X, the one at its own place.
  private var isPointwise: Bool {
    weights.count == input.count && input.dropFirst(2) == output.dropFirst(2)
      && window.kernel.allSatisfy { $0 == 1 } && window.strides.allSatisfy { $0 == 1 }
  }

  private func addProduct(to builder: inout ProgramBuilder) throws(KernelError) -> String {
    let pixels = input.dropFirst(2).elementCount
    // Without a batch, oneDNN has faster ways.
    let batch = input[0] == 1 ? [] : [input[0]]
    let matrix = batch.map { _ in 1 } + [output[1], input[1]]
    let left = builder.input(1, try .plain(matrix))
    let right = builder.input(0, try .plain(batch + [input[1], pixels]))
    let result = builder.output(0, try .plain(batch + [output[1], pixels]))
    let shape = [output[0], output[1], pixels]
    guard node.hasInput(2) else {
      let added = try addedDims(batch + [output[1], pixels]).map { dims throws(KernelError) in
        builder.input(3, try .plain(dims))
      }
      return try builder.multiply(left, right, added: added, activation: activation, into: result)
    }
    let implementation = try builder.multiply(left, right, into: result)
    let rows = builder.output(0, try .channelRows(shape))
    let bias = builder.input(2, try .channelVector(shape))
    let added = try self.added.map { dims throws(KernelError) in
      builder.input(3, dims == output ? try .channelRows(shape) : try .channelVector(shape))
    }
    try builder.combine(
      dnnl_binary_add, rows, bias, added: added, activation: activation, into: rows, attributes: PrimitiveAttributes())
    return implementation
  }

  /// Z's shape beside a product of shape `dims`; nil without Z.
  private func addedDims(_ dims: [Int]) -> [Int]? {
    added.map { $0 == output ? dims : dims.dropLast() + [1] }
  }

  private func description(_ layout: SpatialLayout) throws(KernelError) -> PrimitiveDescription {
    var source = try layout.description(input)
    var kernels = try MemoryDescription.any(weights)
    var bias = node.hasInput(2) ? try .plain([output[1]]) : MemoryDescription.absent
    var destination = try layout.description(output)
    var operation = dnnl_convolution_desc_t()
    try check(
      dnnl_dilated_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &kernels, &bias, &destination,
        window.strides.wide, window.skippedCells.wide, window.padsBegin.wide, window.padsEnd.wide),
      "describing a convolution")
    let attributes = try PrimitiveAttributes()
    try attributes.finish(adding: nil, activation: activation)
    return try PrimitiveDescription(operation, attributes)
  }
}

func checkConvolutionRanks(_ input: [Int], _ weights: [Int], _ output: [Int]) throws(KernelError) {
  guard (3...5).contains(input.count) else { throw .unsupported("X has \(input.count) axes, expected 3 to 5") }
  guard weights.count == input.count, output.count == input.count else {
    throw .unsupported("X, W and Y differ in their number of axes")
  }
}

/// - expected: batch size and output channels.
func checkConvolutionOutput(_ node: Node, _ output: [Int], _ expected: [Int]) throws(KernelError) {
  guard Array(output.prefix(2)) == expected else {
    throw .unsupported("Y has shape \(output), expected \(expected) first")
  }
  if node.hasInput(2) {
    let bias = try node.inputDims(2)
    guard bias == [output[1]] else { throw .unsupported("B has shape \(bias), expected [\(output[1])]") }
  }
}

extension ProgramBuilder {
  /// Adds a convolution or its transpose between reorders from and to the layouts that the node's tensors have.
  mutating func addConvolution(
    _ description: borrowing PrimitiveDescription, input: MemoryDescription, weights: MemoryDescription, hasBias: Bool,
    output: MemoryDescription
  ) throws(KernelError) {
    let x = self.input(0, input)
    let w = self.input(1, weights)
    let y = self.output(0, output)
    let result = try place(for: description.destination, or: y)
    var arguments = [
      (number: PrimitiveArgument.source, tensor: try reordered(x, to: description.source)),
      (number: PrimitiveArgument.weights, tensor: try reordered(w, to: description.weights)),
      (number: PrimitiveArgument.destination, tensor: result),
    ]
    if hasBias {
      let bias = self.input(2, try .plain([output.shape[1]]))
      arguments.append((number: PrimitiveArgument.bias, tensor: bias))
    }
    try add(description, arguments)
    if result != y { try reorder(result, into: y) }
  }
}
