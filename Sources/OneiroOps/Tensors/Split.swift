import OneiroGraph

/// Split, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__Split.html
///
/// The sizes along `axis` come from input `split`, or are equal, the last one smaller where the extent is no multiple.
public enum Split: Operator {
  public static let schema = OpSchema(
    "Split", since: 18, inputs: [.one("input", "T"), .optional("split", "Tsplit")],
    outputs: [.variadic("outputs", "T")],
    attributes: [.int("axis", default: 0), .int("num_outputs")], types: ["T": .beforeFloat8, "Tsplit": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0), outputCount = node.node.outputs.count
    guard let shape = input.shape else {
      return [ValueType](repeating: .tensor(input.elementType, nil), count: outputCount)
    }
    let axis = try node.axis("axis", rank: shape.count)
    var sizes = [Dimension].unknown(rank: outputCount)
    if node.has(1), let split = node.ints(1) {
      guard split.count == outputCount, split.allSatisfy({ $0 >= 0 }) else {
        throw node.fails(1, expected: "\(outputCount) sizes from 0 up, one for each output", found: Shape.text(split))
      }
      sizes = split.map(Dimension.known)
    }
    if let extent = shape[axis].extent, !node.has(1) || node.value(1) != nil {
      sizes = try node.checking(
        node.has(1) ? node.subject(1) : nil,
        try Self.sizes(node.ints(1), node.attributes, outputCount: outputCount, extent: extent)
      ).map(Dimension.known)
    }
    return sizes.map { size in
      var part = shape
      part[axis] = size
      return .tensor(input.elementType, part)
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0)
    let axis = try call.axis(call.attributes.int("axis"), rank: input.rank)
    let sizes = try sizes(
      call.ints(1), call.attributes, outputCount: call.node.outputs.count, extent: input.dims[axis])
    return input.splitting(into: sizes, axis: axis)
  }

  private static func sizes(
    _ split: [Int]?, _ attributes: NodeAttributes, outputCount: Int, extent: Int
  ) throws(KernelError) -> [Int] {
    if let split {
      guard split.count == outputCount, split.allSatisfy({ $0 >= 0 && $0 <= extent }), Shape.sum(split) == extent else {
        throw KernelError("expected \(outputCount) sizes with the sum \(extent), found \(split)")
      }
      return split
    }
    if let wanted = attributes.optionalInt("num_outputs") {
      guard wanted == outputCount else {
        throw KernelError(
          "attribute num_outputs: expected \(outputCount), the node's number of outputs, found \(wanted)")
      }
    }
    guard outputCount > 0 else { throw KernelError("expected at least one output") }
    let chunk = extent / outputCount + (extent % outputCount == 0 ? 0 : 1)
    var rest = extent
    return (0..<outputCount).map { _ in
      let size = min(chunk, rest)
      rest -= size
      return size
    }
  }
}

extension Shape {
  /// The sum of extents; `nil` when it overflows.
  static func sum(_ extents: [Int]) -> Int? {
    var total = 0
    for extent in extents {
      let (sum, overflow) = total.addingReportingOverflow(extent)
      if overflow { return nil }
      total = sum
    }
    return total
  }
}

extension Tensor {
  /// Parts along `axis`, of sizes that add up to its extent.
  func splitting(into sizes: [Int], axis: Int) -> [Tensor] {
    let strides = Shape.strides(dims)
    var start = 0
    return sizes.map { size in
      var part = dims
      part[axis] = size
      defer { start += size }
      return strided(dims: part, strides: strides, offset: start &* strides[axis])
    }
  }
}
