import CDNNL

/// MatMul, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__MatMul.html
///
/// A [..., M, K] times B [..., K, N], leading axes broadcast; an operand with one axis is a row (A) or a column (B).
struct MatMul: Operation {
  private let node: Node
  private let left: [Int]
  private let right: [Int]
  private let result: [Int]

  init(_ node: Node) throws(KernelError) {
    self.node = node
    var left = try node.inputDims(0)
    var right = try node.inputDims(1)
    guard !left.isEmpty, !right.isEmpty else { throw .unsupported("an operand without axes") }
    if left.count == 1 { left = [1] + left }
    if right.count == 1 { right = right + [1] }
    guard left[left.count - 1] == right[right.count - 2] else {
      throw .unsupported("inner axes differ: \(left[left.count - 1]) and \(right[right.count - 2])")
    }
    let batch = try Broadcast(left.dropLast(2), right.dropLast(2)).result
    let rows = try node.inputDims(0).count == 1 ? [] : [left[left.count - 2]]
    let columns = try node.inputDims(1).count == 1 ? [] : [right[right.count - 1]]
    guard try node.outputDims(0) == batch + rows + columns else {
      throw .unsupported("Y has shape \(try node.outputDims(0)), expected \(batch + rows + columns)")
    }
    // A single matrix B serves every matrix of A alike, so these stand on top of each other as one tall matrix.
    if right.dropLast(2).elementCount == 1 {
      left = [left.dropLast().elementCount, left[left.count - 1]]
      right = right.suffix(2)
    }
    let merged = try Broadcast(left.dropLast(2), right.dropLast(2)).merged
    self.left = merged.left + left.suffix(2)
    self.right = merged.right + right.suffix(2)
    result = merged.result + [left[left.count - 2], right[right.count - 1]]
  }

  func program(threads limit: Int32, tuning: Tuning) throws(KernelError) -> Program {
    let operations = 2 * Double(result.elementCount) * Double(left[left.count - 1])
    var builder = ProgramBuilder(node, threads: Threads.forOperations(operations, limit: limit))
    let source = builder.input(0, try .plain(left))
    let weights = builder.input(1, try .plain(right))
    let destination = builder.output(0, try .plain(result))
    try builder.multiply(source, weights, into: destination)
    return builder.finish()
  }
}

extension ProgramBuilder {
  /// Adds destination = activation(source * weights (+ bias) (+ added)) in the shapes of oneDNN's matmul: equal ranks,
  /// axes of 1 broadcast. Constant weights are packed the way the implementation likes them. Returns the
  /// implementation's name.
  @discardableResult
  mutating func multiply(
    _ source: Int, _ weights: Int, bias: Int? = nil, added: Int? = nil, activation: dnnl_alg_kind_t? = nil,
    into destination: Int
  ) throws(KernelError) -> String {
    var weightsLayout = description(of: weights)
    if isConstant(weights) { weightsLayout = try .any(weightsLayout.shape) }
    let attributes = try PrimitiveAttributes()
    let operations: [PostOperation] = .ending(adding: added.map { description(of: $0) }, activation: activation)
    try attributes.set(operations)
    let product = try PrimitiveDescription(
      productOf: description(of: source), weightsLayout, bias: bias.map { description(of: $0) } ?? .absent,
      into: description(of: destination), attributes)
    try addProduct(
      product, source, weights, bias: bias, operands: PostOperation.arguments(operations, added.map { [$0] } ?? []),
      into: destination)
    return product.implementation
  }

  /// - operands: arguments of `product`'s post-operations.
  mutating func addProduct(
    _ product: borrowing PrimitiveDescription, _ source: Int, _ weights: Int, bias: Int? = nil,
    operands: [(number: Int32, tensor: Int)],
    into destination: Int
  ) throws(KernelError) {
    var arguments = [
      (number: PrimitiveArgument.source, tensor: source),
      (number: PrimitiveArgument.weights, tensor: try reordered(weights, to: product.weights)),
      (number: PrimitiveArgument.destination, tensor: destination),
    ]
    if let bias { arguments.append((number: PrimitiveArgument.bias, tensor: bias)) }
    arguments += operands
    try add(product, arguments)
  }
}

extension PrimitiveDescription {
  /// oneDNN's matmul.
  init(
    productOf source: MemoryDescription, _ weights: MemoryDescription, bias: MemoryDescription = .absent,
    into destination: MemoryDescription, _ attributes: PrimitiveAttributes
  ) throws(KernelError) {
    var source = source
    var weights = weights
    var bias = bias
    var destination = destination
    var operation = dnnl_matmul_desc_t()
    try check(
      dnnl_matmul_desc_init(&operation, &source, &weights, &bias, &destination), "describing a product")
    try self.init(operation, attributes)
  }
}
