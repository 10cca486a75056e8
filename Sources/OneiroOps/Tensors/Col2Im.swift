import OneiroGraph

/// Col2Im, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__Col2Im.html
///
/// Columns [N, C * block, L] back into an image [N, C, image...]: every column is a block of pixels, and where blocks
/// overlap they add up.
public enum Col2Im: Operator {
  public static let schema = OpSchema(
    "Col2Im", since: 18,
    inputs: [.one("input", "T"), .one("image_shape", "Tshape"), .one("block_shape", "Tshape")],
    outputs: [.one("output", "T")],
    attributes: [.ints("dilations"), .ints("pads"), .ints("strides")], types: ["T": .beforeFloat8, "Tshape": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard let image = node.ints(1) else {
      return [.tensor(input.elementType, try node.length(1).map { .unknown(rank: $0 + 2) })]
    }
    var channels = Dimension.unknown, batch = Dimension.unknown
    if let shape = input.shape {
      guard shape.count == 3 else { throw node.fails(0, expected: "a tensor of rank 3", found: input.shapeText) }
      batch = shape[0]
      if let block = node.ints(2) {
        let blocks = try node.checking(node.subject(2), try Blocks(image: image, block: block, node.attributes))
        if let rows = shape[1].extent {
          channels = .known(try node.checking(node.subject(0), try blocks.channels(rows: rows)))
        }
      }
    }
    return [.tensor(input.elementType, [batch, channels] + image.map(Dimension.known))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), image = try call.requiredInts(1)
    guard input.rank == 3 else {
      throw call.fails("expected a tensor of rank 3, found shape \(Shape.text(input.dims))")
    }
    let blocks = try Blocks(image: image, block: try call.requiredInts(2), call.attributes)
    let channels = try blocks.channels(rows: input.dims[1]), columnCount = input.dims[2]
    guard columnCount == Shape.count(blocks.counts) else {
      throw call.fails("expected \(Shape.count(blocks.counts)) columns, one for each block, found \(columnCount)")
    }
    let dims = [input.dims[0], channels] + image
    let count = try call.elementCount(dims, of: input.elementType)
    guard count > 0 else { return [.empty(input.elementType, dims: dims)] }
    let type = input.elementType
    guard type != .string, !type.isComplex else { throw call.fails("elements of type \(type.name) cannot be added") }
    let planes = input.dims[0] * channels
    if type.isFloatingPoint {
      let columns = input.doubles()
      var pixels = [Double](repeating: 0, count: count)
      blocks.walk(planes: planes, columnCount: columnCount) { pixels[$0] += columns[$1] }
      return [Tensor(type, doubles: pixels, dims: dims)]
    }
    let columns = input.int64s()
    var pixels = [Int64](repeating: 0, count: count)
    blocks.walk(planes: planes, columnCount: columnCount) { pixels[$0] &+= columns[$1] }
    return [Tensor(type, int64s: pixels, dims: dims)]
  }

  /// How the blocks lie over the image.
  private struct Blocks {
    let image: [Int], block: [Int], strides: [Int], dilations: [Int], before: [Int]
    /// Blocks along each axis.
    let counts: [Int]

    init(image: [Int], block: [Int], _ attributes: NodeAttributes) throws(KernelError) {
      let rank = image.count
      let ones = [Int](repeating: 1, count: rank)
      let strides = attributes.ints("strides") ?? ones, dilations = attributes.ints("dilations") ?? ones
      let pads = attributes.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
      guard block.count == rank, strides.count == rank, dilations.count == rank, pads.count == 2 * rank else {
        throw KernelError("image_shape, block_shape, strides, dilations and pads are not of the same rank")
      }
      let limit = Int(Int32.max)
      guard (block + strides + dilations).allSatisfy({ 1...limit ~= $0 }),
        (image + pads).allSatisfy({ 0...limit ~= $0 })
      else {
        throw KernelError("an extent, stride, dilation or pad is out of range")
      }
      var counts: [Int] = []
      for axis in 0..<rank {
        let room = image[axis] + pads[axis] + pads[rank + axis] - dilations[axis] * (block[axis] - 1) - 1
        counts.append(room < 0 ? 0 : room / strides[axis] + 1)
      }
      guard Tensor.elementCount(counts) != nil, Tensor.elementCount(block) != nil else {
        throw KernelError("there are too many blocks")
      }
      (self.image, self.block, self.strides, self.dilations) = (image, block, strides, dilations)
      before = Array(pads[..<rank])
      self.counts = counts
    }

    func channels(rows: Int) throws(KernelError) -> Int {
      let perChannel = Shape.count(block)
      guard rows % perChannel == 0 else {
        throw KernelError("axis 1: expected a multiple of \(perChannel), found \(rows)")
      }
      return rows / perChannel
    }

    /// Calls `add` with each pixel and the element of the columns that belongs to it. `planes` is N * C.
    func walk(planes: Int, columnCount: Int, _ add: (_ pixel: Int, _ column: Int) -> Void) {
      let rank = image.count, perBlock = Shape.count(block), pixelStrides = Shape.strides(image),
        perPlane = Shape.count(image)
      let blockStrides = Shape.strides(block), countStrides = Shape.strides(counts)
      for place in 0..<perBlock {
        for column in 0..<columnCount {
          var pixel = 0, isInside = true
          for axis in 0..<rank {
            let within = place / blockStrides[axis] % block[axis], number = column / countStrides[axis] % counts[axis]
            let position = number * strides[axis] + within * dilations[axis] - before[axis]
            guard position >= 0, position < image[axis] else { isInside = false; break }
            pixel += position * pixelStrides[axis]
          }
          guard isInside else { continue }
          for plane in 0..<planes { add(plane * perPlane + pixel, (plane * perBlock + place) * columnCount + column) }
        }
      }
    }
  }
}
