import OneiroGraph

/// Which scale belongs to which element of a quantized tensor: one for all of them (a scalar), one for each position
/// along an axis (rank 1), or one for each block of `block_size` neighbours along an axis (the tensor's own rank).
struct QuantizationScales {
  private let split: AxisSplit?
  /// Positions along the axis that share a scale, and how many scales there are along it. Per axis there is one scale
  /// whatever the other positions are; blocked, each of them has its own.
  private let blockSize: Int
  private let scaleLength: Int
  private let isBlocked: Bool

  /// - Throws: a sentence about the scale's shape when it fits none of the three kinds.
  init(dims: [Int], scale: [Int], axis: Int, blockSize: Int) throws(KernelError) {
    if Tensor.elementCount(scale) == 1, scale.count <= 1, blockSize == 0 {
      split = nil
      self.blockSize = 1
      scaleLength = 1
      isBlocked = false
      return
    }
    let rank = dims.count
    // The default axis of 1 lies past a tensor of one axis, where only axis 0 can be meant.
    let wanted = rank == 1 && axis == 1 ? 0 : axis
    guard wanted >= -rank, wanted < rank else {
      throw KernelError("attribute axis: expected \(-rank) ... \(rank - 1), found \(axis)")
    }
    let axis = wanted < 0 ? wanted + rank : wanted
    guard blockSize >= 0 else { throw KernelError("attribute block_size: expected 0 or more, found \(blockSize)") }
    var expected = [dims[axis]]
    if blockSize > 0 {
      expected = dims
      expected[axis] = dims[axis] / blockSize + (dims[axis] % blockSize == 0 ? 0 : 1)
    }
    guard scale == expected else {
      throw KernelError("scale: expected shape \(Shape.text(expected)), found \(Shape.text(scale))")
    }
    split = AxisSplit(dims, axis: axis)
    self.blockSize = max(1, blockSize)
    scaleLength = expected[blockSize > 0 ? axis : 0]
    isBlocked = blockSize > 0
  }

  /// Calls `body` for every element in order with the index of its scale.
  func forEach(_ count: Int, _ body: (_ index: Int, _ scale: Int) -> Void) {
    guard let split else {
      for index in 0..<count { body(index, 0) }
      return
    }
    guard count > 0 else { return }
    var index = 0
    for block in 0..<split.outer {
      for position in 0..<split.length {
        for column in 0..<split.inner {
          body(index, isBlocked ? (block * scaleLength + position / blockSize) * split.inner + column : position)
          index += 1
        }
      }
    }
  }
}

extension InferenceContext {
  /// Checks the shape of the scale, input 1, and of the zero point, input 2, as far as they are known.
  func checkQuantization() throws(GraphError) {
    guard let scale = try tensor(1).dims else { return }
    if has(2), let zeroPoint = try tensor(2).dims, zeroPoint != scale,
      // One element is one element: files state a scalar scale beside a zero point of shape [1].
      max(scale.count, zeroPoint.count) > 1 || Tensor.elementCount(scale) != Tensor.elementCount(zeroPoint)
    {
      throw fails(2, expected: "the scale's shape \(Shape.text(scale))", found: Shape.text(zeroPoint))
    }
    guard let dims = try tensor(0).dims, Tensor.elementCount(dims) != nil else { return }
    do {
      _ = try QuantizationScales(
        dims: dims, scale: scale, axis: attributes.int("axis"), blockSize: attributes.int("block_size"))
    } catch {
      throw .invalid(node: node, subject(1), error.description)
    }
  }
}

extension KernelCall {
  /// The scales of input 0, and the zero points, which are zero when left out.
  func quantization() throws(KernelError) -> (layout: QuantizationScales, scales: [Double], zeroPoints: [Double]) {
    let scale = try tensor(1)
    let layout = try QuantizationScales(
      dims: try tensor(0).dims, scale: scale.dims, axis: attributes.int("axis"), blockSize: attributes.int("block_size")
    )
    let zeroPoints = optionalTensor(2)?.doubles() ?? [Double](repeating: 0, count: scale.count)
    guard zeroPoints.count == scale.count else {
      throw fails("zero point: expected \(scale.count) elements like the scale, found \(zeroPoints.count)")
    }
    return (layout, scale.doubles(), zeroPoints)
  }
}

extension Double {
  /// The nearest number that floating-point `type` has.
  func rounded(as type: ElementType) -> Double {
    switch type {
    case .float16: Double(Float16(self))
    case .bfloat16: Double(Float(BFloat16(self)))
    case .float64: self
    default: Double(Float(self))
    }
  }
}

extension Tensor {
  /// Whole numbers, brought into the range of an integer type; float8 and float4 are rounded to their steps.
  init(_ type: ElementType, quantized values: [Double], saturate: Bool = true, dims: [Int]) {
    if let format = MiniFloatFormat.of(type) {
      self.init(type, codes: values.map { format.encode($0, saturate: saturate) }, dims: dims)
    } else {
      let low = Double(type.orderedRange.lowerBound), high = Double(type.orderedRange.upperBound)
      self.init(type, doubles: values.map { $0 < low ? low : $0 > high ? high : $0 }, dims: dims)
    }
  }
}
