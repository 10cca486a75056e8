import CDNNL

/// Add, Sub, Mul and Div, ai.onnx opset 14, where one of the operands has the result's shape.
struct Binary: Operation {
  private let node: Node
  private let algorithm: dnnl_alg_kind_t
  private let shapes: Broadcast
  /// Whether B comes first, because A is the one that broadcasts and oneDNN broadcasts the second operand.
  private let isSwapped: Bool

  init(_ node: Node, _ algorithm: dnnl_alg_kind_t) throws(KernelError) {
    self.node = node
    self.algorithm = algorithm
    let left = try node.inputDims(0)
    let right = try node.inputDims(1)
    let broadcast = try Broadcast(left, right)
    guard try node.outputDims(0) == broadcast.result else {
      throw .unsupported("the output has shape \(try node.outputDims(0)), expected \(broadcast.result)")
    }
    shapes = broadcast.merged
    isSwapped = shapes.left != shapes.result
    guard !isSwapped || shapes.right == shapes.result else {
      throw .unsupported("both operands broadcast: \(left) and \(right)")
    }
    guard !isSwapped || algorithm != dnnl_binary_div else {
      throw .unsupported("the dividend broadcasts: \(left) and \(right)")
    }
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let threads = Threads.forElements(shapes.result.elementCount, steps: 2, limit: limit)
    var builder = ProgramBuilder(node, threads: threads)
    let left = builder.input(0, try .plain(shapes.left.orOne))
    let right = builder.input(1, try .plain(shapes.right.orOne))
    let result = builder.output(0, try .plain(shapes.result.orOne))
    if isSwapped {
      // a - b = -b + a, to the bit.
      let attributes = try PrimitiveAttributes(firstScale: algorithm == dnnl_binary_sub ? -1 : 1)
      let commutative = algorithm == dnnl_binary_sub ? dnnl_binary_add : algorithm
      try builder.combine(commutative, right, left, into: result, attributes: attributes)
    } else {
      try builder.combine(algorithm, left, right, into: result, attributes: PrimitiveAttributes())
    }
    return builder.finish()
  }
}

extension [Int] {
  /// oneDNN knows no tensor without axes; one axis of 1 holds the same element.
  var orOne: [Int] { isEmpty ? [1] : self }
}

extension ProgramBuilder {
  /// Adds destination = activation(first op second (+ added)), where second and added broadcast; destination may be
  /// first.
  mutating func combine(
    _ algorithm: dnnl_alg_kind_t, _ first: Int, _ second: Int, added: Int? = nil, activation: dnnl_alg_kind_t? = nil,
    into destination: Int, attributes: PrimitiveAttributes
  ) throws(KernelError) {
    var firstLayout = description(of: first)
    var secondLayout = description(of: second)
    var destinationLayout = description(of: destination)
    var operation = dnnl_binary_desc_t()
    try check(
      dnnl_binary_desc_init(&operation, algorithm, &firstLayout, &secondLayout, &destinationLayout),
      "describing a binary operation")
    var arguments = [
      (number: PrimitiveArgument.source, tensor: first),
      (number: PrimitiveArgument.secondSource, tensor: second),
      (number: PrimitiveArgument.destination, tensor: destination),
    ]
    try attributes.set(.ending(adding: added.map { description(of: $0) }, activation: activation))
    if let added { arguments.append((number: PrimitiveArgument.operand(at: 0), tensor: added)) }
    try add(PrimitiveDescription(operation, attributes), arguments)
  }
}
