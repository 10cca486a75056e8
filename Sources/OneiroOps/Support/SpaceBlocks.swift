import OneiroGraph

/// What DepthToSpace and SpaceToDepth share: square blocks of pixels of an [N, C, H, W] tensor.
enum SpaceBlocks {
  static func shape(_ node: InferenceContext) throws(GraphError) -> [Dimension] {
    guard let shape = try node.shape(0) else { return .unknown(rank: 4) }
    guard shape.count == 4 else {
      throw node.fails(0, expected: "a tensor of rank 4", found: try node.tensor(0).shapeText)
    }
    return shape
  }

  static func size(_ attributes: NodeAttributes) throws(KernelError) -> Int {
    let size = attributes.int("blocksize")
    guard size > 0, size < 1 << 16 else { throw KernelError("expected 1 ..< 65536, found \(size)") }
    return size
  }

  /// Whether attribute mode is DCR, where the place in the block counts slower than the channel, and not CRD.
  static func isDepthFirst(_ attributes: NodeAttributes) throws(KernelError) -> Bool {
    let mode = attributes.string("mode")
    guard mode == "DCR" || mode == "CRD" else { throw KernelError("mode: expected DCR or CRD, found \"\(mode)\"") }
    return mode == "DCR"
  }

  static func times(_ extent: Dimension, _ factor: Int) -> Dimension { .product([extent, .known(factor)]) }

  static func divided(_ extent: Int, by divisor: Int, axis: Int) throws(KernelError) -> Int {
    guard extent % divisor == 0 else {
      throw KernelError("axis \(axis): expected a multiple of \(divisor), found \(extent)")
    }
    return extent / divisor
  }

  static func divided(_ extent: Dimension, by divisor: Int, axis: Int) throws(KernelError) -> Dimension {
    guard let known = extent.extent else { return .unknown }
    return .known(try divided(known, by: divisor, axis: axis))
  }

  /// `x` seen as shape `split`, its axes put in `order`, and seen as shape `dims`.
  static func rearranged(_ x: Tensor, split: [Int], order: [Int], dims: [Int]) -> Tensor {
    let strides = Shape.strides(split)
    return x.strided(dims: order.map { split[$0] }, strides: order.map { strides[$0] }).reshaped(dims)
  }
}
