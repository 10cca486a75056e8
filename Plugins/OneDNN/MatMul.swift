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
    // A matrix B serves every matrix of A alike, so these stand on top of each other as one tall matrix.
    if right.dropLast(2).elementCount == 1 {
      left = [left.dropLast().elementCount, left[left.count - 1]]
      right = right.suffix(2)
    }
    let rank = max(left.count, right.count)
    left = Array(repeating: 1, count: rank - left.count) + left
    right = Array(repeating: 1, count: rank - right.count) + right
    var result: [Int] = []
    for (a, b) in zip(left, right).dropLast(2) {
      guard a == b || a == 1 || b == 1 else { throw .unsupported("axes of \(a) and \(b) do not broadcast") }
      result.append(max(a, b))
    }
    result += [left[rank - 2], right[rank - 1]]
    guard result.elementCount == (try node.outputDims(0)).elementCount else {
      throw .unsupported("the output's shape is not that of the product")
    }
    (self.left, self.right, self.result) = Self.mergingBatches(left, right, result)
  }

  func program(threads limit: Int32) throws(KernelError) -> Program {
    let operations = 2 * Double(result.elementCount) * Double(left[left.count - 1])
    var builder = ProgramBuilder(node, threads: Threads.forOperations(operations, limit: limit))
    let source = builder.input(0, try .plain(left))
    let weights = builder.input(1, try .plain(right))
    let destination = builder.output(0, try .plain(result))
    try builder.multiply(
      source, .plain(left), weights, .plain(right), packing: node.constant(1) != nil, into: destination,
      .plain(result))
    return builder.finish()
  }

  /// Neighbouring batch axes that broadcast alike become one: implementations differ in how many axes they take.
  private static func mergingBatches(_ left: [Int], _ right: [Int], _ result: [Int]) -> ([Int], [Int], [Int]) {
    var merged: (left: [Int], right: [Int], result: [Int]) = ([], [], [])
    for axis in 0..<(result.count - 2) where result[axis] != 1 {
      if let a = merged.left.last, let b = merged.right.last, let c = merged.result.last,
        (a == c) == (left[axis] == result[axis]), (b == c) == (right[axis] == result[axis])
      {
        let last = merged.result.count - 1
        merged.left[last] = a * left[axis]
        merged.right[last] = b * right[axis]
        merged.result[last] = c * result[axis]
      } else {
        merged.left.append(left[axis])
        merged.right.append(right[axis])
        merged.result.append(result[axis])
      }
    }
    return (merged.left + left.suffix(2), merged.right + right.suffix(2), merged.result + result.suffix(2))
  }
}

extension ProgramBuilder {
  /// Adds destination = source * weights (+ bias), shapes as oneDNN's matmul wants them: equal ranks, axes of 1 broadcast.
  /// - packing: lets the implementation choose how the weights lie; pays when they are constant.
  mutating func multiply(
    _ source: Int, _ sourceLayout: MemoryDescription, _ weights: Int, _ weightsLayout: MemoryDescription,
    packing: Bool, bias: (tensor: Int, layout: MemoryDescription)? = nil, into destination: Int,
    _ destinationLayout: MemoryDescription
  ) throws(KernelError) {
    var sourceLayout = sourceLayout
    var liked = packing ? try MemoryDescription.any(weightsLayout.shape) : weightsLayout
    var biasLayout = bias?.layout ?? .absent
    var destinationLayout = destinationLayout
    var operation = dnnl_matmul_desc_t()
    try check(
      dnnl_matmul_desc_init(&operation, &sourceLayout, &liked, &biasLayout, &destinationLayout), "describing a product")
    let description = try PrimitiveDescription(operation, PrimitiveAttributes())
    var arguments = [
      (number: PrimitiveArgument.source, tensor: source),
      (number: PrimitiveArgument.weights, tensor: try reordered(weights, to: description.weights)),
      (number: PrimitiveArgument.destination, tensor: destination),
    ]
    if let bias { arguments.append((number: PrimitiveArgument.bias, tensor: bias.tensor)) }
    try add(description, arguments)
  }
}
