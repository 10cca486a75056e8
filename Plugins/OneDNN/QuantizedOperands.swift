import CDNNL

/// What ai.oneiro's QuantizedGemm, QuantizedConv and QuantizedGEGLU have in common: the operands of
///
///     x * w     x = (X - x_zero_point) * x_scale     w = W * w_scale
///
/// a bias, and with y_scale the quantization of Y. Scales and zero points are options of a oneDNN primitive, which is
/// compiled with them, so they have to be constants.
struct QuantizedOperands {
  private let node: Node
  private let channels: Int
  /// Where y_scale is among the inputs; y_zero_point follows.
  private let yScale: Int
  /// How many axes Y has.
  private let rank: Int
  /// Of X and Y.
  let source, destination: ElementType

  static let weights = 3, bias = 5
  /// In terms of a kernel of floats of about 2e11 operations a second: products of bytes by VNNI, which are about as
  /// fast here as Vector's, 10 microseconds for a call of oneDNN, and what is written and read besides, at 1e10 bytes a
  /// second.
  /// - depth: products that are summed up for one of `elements`.
  static func relativeTime(elements: Int, depth: Int, movedByteCount: Int = 0) -> Double {
    0.28 + (2e6 + 20 * Double(movedByteCount)) / (2 * Double(elements) * Double(depth))
  }

  /// 1.5 * 2^23: a sum with it is a whole number, halves rounded to the even one, as far as a byte needs it.
  private static let coarse: Float = 12_582_912

  private static let xScale = 1, xZeroPoint = 2, wScale = 4
  /// Products of an unsigned and a signed byte whose sum 32 bits hold, and as many again, which zero points make.
  private static let longestSum = Int(Int32.max) / (255 * 128) / 2

  /// - channels: scales that the weights may have, and numbers of the bias.
  /// - depth: products that are summed up for one element.
  init(_ node: Node, channels: Int, depth: Int, yScale: Int) throws(KernelError) {
    self.node = node
    self.channels = channels
    self.yScale = yScale
    rank = try node.outputDims(0).count
    guard let source = node.inputType(0), source != .float32, node.inputType(Self.xZeroPoint) == source else {
      throw .unsupported("X and its zero point are not of one type of bytes")
    }
    guard node.inputType(Self.weights) == .int8 else {
      throw .unsupported("weights of uint8; oneDNN takes signed ones")
    }
    guard depth <= Self.longestSum else { throw .unsupported("sums of \(depth) products do not fit into 32 bits") }
    let isQuantized = node.hasInput(yScale)
    guard let destination = node.outputType(0), (destination == .float32) != isQuantized else {
      throw .unsupported("Y is not of the type that y_scale says")
    }
    self.source = source
    self.destination = destination
    var counts = [(Self.xScale, [1]), (Self.xZeroPoint, [1]), (Self.wScale, [1, channels])]
    if isQuantized { counts.append((yScale, [1])) }
    if node.hasInput(yScale + 1) { counts.append((yScale + 1, [1])) }
    for (index, allowed) in counts {
      guard node.constant(index) != nil else { throw .unsupported("input \(index) comes with the run") }
      let count = try node.inputDims(index).elementCount
      guard allowed.contains(count) else {
        throw .unsupported("input \(index) has \(count) elements, expected \(allowed.last ?? 1)")
      }
    }
    for index in [Self.xScale, Self.wScale, Self.bias, yScale] where node.hasInput(index) {
      guard node.inputType(index) == .float32 else { throw .unsupported("input \(index) is not float32") }
    }
    if node.hasInput(yScale + 1), node.inputType(yScale + 1) != destination {
      throw .unsupported("Y and its zero point differ in their type")
    }
    try node.checkBias(Self.bias, channels: channels)
  }

  /// The options of a primitive that multiplies by some of the weights' channels.
  /// - isFinal: with the numbers of the constants. Before a node is prepared they may not be there yet, and any others
  ///   tell whether there is such a primitive.
  func attributes(
    isFinal: Bool, channels: Range<Int>, _ operations: [PostOperation]
  ) throws(KernelError) -> PrimitiveAttributes {
    let attributes = try PrimitiveAttributes()
    let factors = isFinal ? try factors(channels) : Array(repeating: 0.5, count: channels.count)
    guard factors.allSatisfy(\.isFinite) else { throw .unsupported("scales are too large together for float32") }
    // Along axis 1, the channels, of the result.
    try check(
      dnnl_primitive_attr_set_output_scales(attributes.raw, Int64(factors.count), 1 << 1, factors),
      "setting scales of channels")
    var zeroPoint = isFinal ? try byte(Self.xZeroPoint) : 1
    if zeroPoint != 0 {
      try check(
        dnnl_primitive_attr_set_zero_points(attributes.raw, PrimitiveArgument.source, 1, 0, &zeroPoint),
        "setting a zero point")
    }
    try attributes.set(operations)
    return attributes
  }

  /// What a sum of products of bytes is multiplied with to be a number, for each channel.
  private func factors(_ channels: Range<Int>) throws(KernelError) -> [Float] {
    let scale = try float(Self.xScale)[0], scales = try float(Self.wScale)
    return channels.map { scale * scales[scales.count == 1 ? 0 : $0] }
  }

  /// What makes bytes of the result in the end, kept to the type's range; nothing where Y stays float32. ONNX rounds
  /// before it adds the zero point, where oneDNN would round last: of a half it would make another number where the zero
  /// point is odd. What is added is an operand, as of two post-operations of one kind oneDNN 2.6 gets one wrong.
  func quantization(isFinal: Bool) throws(KernelError) -> [PostOperation] {
    guard destination != .float32 else { return [] }
    let inverse = isFinal ? 1 / (try float(yScale)[0]) : 0.5
    guard inverse.isNormal else { throw .unsupported("y_scale has no inverse in float32") }
    return [.affine(factor: inverse, summand: Self.coarse), .add(try oneNumber)]
  }

  /// The operand of the addition in `quantization`, if there is one.
  func quantizationOperand(_ builder: inout ProgramBuilder) throws(KernelError) -> [Int] {
    guard destination != .float32 else { return [] }
    let zeroPoint = node.hasInput(yScale + 1) ? try byte(yScale + 1) : 0
    return [builder.constant(try AlignedMemory(floats: [Float(zeroPoint) - Self.coarse]), try oneNumber)]
  }

  /// Broadcasts to Y.
  private var oneNumber: MemoryDescription {
    get throws(KernelError) { try .plain(Array(repeating: 1, count: rank)) }
  }

  private func float(_ index: Int) throws(KernelError) -> UnsafeBufferPointer<Float> {
    let count = try node.inputDims(index).elementCount
    guard let data = node.constant(index) else { throw .failed("input \(index) has no numbers") }
    return UnsafeBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: count)
  }

  private func byte(_ index: Int) throws(KernelError) -> Int32 {
    guard let data = node.constant(index) else { throw .failed("input \(index) has no number") }
    return node.inputType(index) == .int8 ? Int32(data.load(as: Int8.self)) : Int32(data.load(as: UInt8.self))
  }
}
