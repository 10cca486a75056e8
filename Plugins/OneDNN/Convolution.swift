import CDNNL

/// Conv, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Conv.html
///
/// X [N, C, spatial...], W [M, C / group, kernel...], B [M] give Y [N, M, spatial...]; one to three spatial axes.
/// ai.oneiro's FusedConv adds Z, of Y's shape or [1, M, 1...], and ends with an activation.
struct Convolution: Operation {
  private let node: Node
  private let shape: ConvolutionShape
  /// Z's shape; nil for none.
  private let added: [Int]?
  private let activation: dnnl_alg_kind_t?

  init(_ node: Node) throws(KernelError) {
    self.node = node
    shape = try ConvolutionShape(node, weights: 1)
    try node.checkBias(2, channels: shape.output[1])
    added = node.hasInput(3) ? try node.inputDims(3) : nil
    activation = try Activation.algorithm(node.string("activation", default: ""))
    if let added {
      guard added == shape.output || added == shape.channelVector else {
        throw .unsupported("Z has shape \(added), expected \(shape.output) or a number for each channel of one image")
      }
      // Z is plain, and in that layout oneDNN's convolutions are many times slower; a product does not mind.
      guard shape.isPointwise else { throw .unsupported("a residual behind filters of more than one pixel") }
    }
    _ = try description(.plain)
  }

  private var input: [Int] { shape.input }
  private var output: [Int] { shape.output }

  /// Operations from which on the ways to run a convolution differ by a tenth at most (measured on the layers of Stable
  /// Diffusion at 512 x 512): about five milliseconds.
  private static let plainlyLarge = 1e9

  private enum Form {
    case direct(SpatialLayout)
    /// W [M, C] times X [C, spatial], which needs no other layout.
    case product
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let threads = Threads.forOperations(shape.operations, limit: limit)
    let ending = "\(added ?? []) \(activation?.rawValue ?? 0)"
    let key = "Conv \(input) \(shape.weights) \(output) \(shape.window) \(node.inputForms) \(threads) \(ending)"
    var forms = added == nil ? SpatialLayout.allCases.map(Form.direct) : []
    if shape.isPointwise { forms.append(.product) }
    // Where an operation takes long, reorders are little beside it.
    let preferred = SpatialLayout.allCases.firstIndex(of: .preferred) ?? 0
    return try FastestChoice.pick(
      forms, unmeasured: shape.isPointwise ? forms.count - 1 : preferred,
      isLong: shape.operations >= Self.plainlyLarge, key: key, node, tuning
    ) { form throws(KernelError) in
      var builder = ProgramBuilder(node, threads: threads)
      switch form {
      case .direct(let layout):
        let convolution = try description(layout)
        let bias = node.hasInput(2) ? builder.input(2, try .plain([output[1]])) : nil
        try builder.addConvolution(
          convolution, builder.input(0, .plain(input)), builder.input(1, .plain(shape.weights)), bias: bias,
          into: builder.output(0, .plain(output)))
        return Candidate(program: builder.finish(), implementation: convolution.implementation)
      case .product:
        let implementation = try addProduct(to: &builder)
        return Candidate(program: builder.finish(), implementation: implementation)
      }
    }
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
    let attributes = try PrimitiveAttributes()
    try attributes.set(.ending(adding: nil, activation: activation))
    return try PrimitiveDescription(
      convolution: shape, of: layout.description(input), .any(shape.weights),
      bias: node.hasInput(2) ? .plain([output[1]]) : .absent, into: layout.description(output), attributes)
  }
}
