import CDNNL

/// How elements lie in memory, in oneDNN's terms; of float32 where no type is given.
typealias MemoryDescription = dnnl_memory_desc_t

extension dnnl_memory_desc_t {
  /// Row-major, no gaps.
  static func plain(_ dims: [Int], _ type: ElementType = .float32) throws(KernelError) -> MemoryDescription {
    try strided(dims, rowMajorStrides(dims), type)
  }

  /// - strides: distance in elements between neighbours along each axis.
  static func strided(
    _ dims: [Int], _ strides: [Int], _ type: ElementType = .float32
  ) throws(KernelError) -> MemoryDescription {
    var description = MemoryDescription()
    try check(
      dnnl_memory_desc_init_by_strides(
        &description, Int32(dims.count), dims.map(Int64.init), type.dataType, strides.map(Int64.init)),
      "describing memory of shape \(dims)")
    return description
  }

  /// A layout that the primitive is to choose.
  static func any(_ dims: [Int], _ type: ElementType = .float32) throws(KernelError) -> MemoryDescription {
    var description = MemoryDescription()
    try check(
      dnnl_memory_desc_init_by_tag(
        &description, Int32(dims.count), dims.map(Int64.init), type.dataType, dnnl_format_tag_any),
      "describing memory of shape \(dims)")
    return description
  }

  /// Plain [N, C, pixels] as the full operand of a binary operation with one value a channel. A last axis of 1 is left
  /// out: oneDNN 2.6 takes [N, C, 1] for channels-last and mixes up the channels.
  static func channelRows(_ dims: [Int]) throws(KernelError) -> MemoryDescription {
    try plain(dims[2] == 1 ? [dims[0], dims[1]] : dims)
  }

  /// One value a channel, to broadcast over `channelRows` of the same dims.
  static func channelVector(_ dims: [Int]) throws(KernelError) -> MemoryDescription {
    try plain(dims[2] == 1 ? [1, dims[1]] : [1, dims[1], 1])
  }

  /// Axis 1 innermost.
  static func channelsLast(_ dims: [Int], _ type: ElementType = .float32) throws(KernelError) -> MemoryDescription {
    let spatial = dims.dropFirst(2).elementCount
    var strides = rowMajorStrides(dims).map { $0 * dims[1] }
    strides[0] = dims[1] * spatial
    strides[1] = 1
    return try strided(dims, strides, type)
  }

  /// What stands for a missing optional tensor, such as no bias.
  static let absent = MemoryDescription()

  /// The logical dims.
  var shape: [Int] {
    withUnsafeBytes(of: dims) { bytes in bytes.bindMemory(to: Int64.self).prefix(Int(ndims)).map { Int($0) } }
  }

  var elementType: ElementType? { ElementType.allCases.first { $0.dataType == data_type } }

  /// Whether there is memory between elements that is none of them.
  var hasGaps: Bool { byteCount > shape.elementCount * dnnl_data_type_size(data_type) }

  var byteCount: Int { withUnsafePointer(to: self) { dnnl_memory_desc_get_size($0) } }

  static func == (left: MemoryDescription, right: MemoryDescription) -> Bool {
    withUnsafePointer(to: left) { left in withUnsafePointer(to: right) { dnnl_memory_desc_equal(left, $0) != 0 } }
  }
}

func rowMajorStrides(_ dims: [Int]) -> [Int] {
  var strides = dims
  var step = 1
  for axis in dims.indices.reversed() {
    strides[axis] = step
    step *= dims[axis]
  }
  return strides
}

extension Collection where Element == Int {
  /// The number of elements of a shape. Shapes here come from a checked `Node`, so it fits.
  var elementCount: Int { reduce(1, *) }

  /// As oneDNN takes dims, strides and pads.
  var wide: [Int64] { map(Int64.init) }
}
