import OneiroGraph

extension Tensor {
  /// No elements, in a shape with an extent of 0.
  static func empty(_ elementType: ElementType, dims: [Int]) -> Tensor {
    elementType == .string
      ? Tensor(strings: [], dims: dims) : Tensor(elementType, dims: dims, storage: ByteStorage(byteCount: 0) { _ in })
  }

  /// The elements at `offset` and on along `strides`, counted in elements of this tensor.
  func strided(dims: [Int], strides: [Int], offset: Int = 0) -> Tensor {
    guard let count = Tensor.elementCount(dims), count > 0 else { return .empty(elementType, dims: dims) }
    var indices = [Int](repeating: 0, count: count)
    Shape.walk(dims, strides) { indices[$0] = offset + $1 }
    return gathering(indices, dims: dims)
  }

  /// The element at position [p, q, ...] of the result is the one at [table0[p], table1[q], ...] of this tensor, with
  /// one table for each axis; a negative entry takes `fill`.
  func gathering(tables: [[Int]], fill: Tensor? = nil) -> Tensor {
    var indices = [0]
    for (table, extent) in zip(tables, dims) {
      var finer: [Int] = []
      finer.reserveCapacity(indices.count * table.count)
      for index in indices {
        for entry in table { finer.append(index < 0 || entry < 0 ? -1 : index &* extent &+ entry) }
      }
      indices = finer
    }
    return gathering(indices, dims: tables.map(\.count), fill: fill)
  }

  /// Tensors of one element type end to end along `axis`; the other extents are the same, which is checked.
  static func concatenating(_ tensors: [Tensor], axis: Int) throws(KernelError) -> Tensor {
    guard let first = tensors.first else { throw KernelError("there is nothing to concatenate") }
    let axis = try Shape.axis(axis, rank: first.rank)
    var dims = first.dims
    dims[axis] = 0
    for (index, tensor) in tensors.enumerated() {
      guard tensor.elementType == first.elementType else {
        throw KernelError(
          "tensor \(index): expected elements of type \(first.elementType.name), found \(tensor.elementType.name)")
      }
      guard tensor.rank == dims.count, dims.indices.allSatisfy({ $0 == axis || dims[$0] == tensor.dims[$0] }) else {
        throw KernelError(
          "tensor \(index): expected \(Shape.text(first.dims)) but for axis \(axis), found \(Shape.text(tensor.dims))"
        )
      }
      let (sum, overflow) = dims[axis].addingReportingOverflow(tensor.dims[axis])
      guard !overflow else { throw KernelError("axis \(axis) would be too long") }
      dims[axis] = sum
    }
    guard let count = Tensor.elementCount(dims) else { throw KernelError("shape \(Shape.text(dims)) is too large") }
    guard count > 0 else { return .empty(first.elementType, dims: dims) }
    let rows = Shape.count(dims[..<axis])
    let widths = tensors.map { Shape.count($0.dims[axis...]) }
    if first.elementType == .string {
      var strings: [String] = []
      strings.reserveCapacity(count)
      for row in 0..<rows {
        for (tensor, width) in zip(tensors, widths) { strings += tensor.strings[row * width..<(row + 1) * width] }
      }
      return Tensor(strings: strings, dims: dims)
    }
    if first.elementType.bitWidth < 8 {
      let codes = tensors.map { $0.codes() }
      var joined: [UInt8] = []
      joined.reserveCapacity(count)
      for row in 0..<rows {
        for (codes, width) in zip(codes, widths) { joined += codes[row * width..<(row + 1) * width] }
      }
      return Tensor(first.elementType, codes: joined, dims: dims)
    }
    let unit = first.elementType.bitWidth / 8
    let storage = ByteStorage(byteCount: count * unit) { memory in
      var target = memory.baseAddress!
      for row in 0..<rows {
        for (tensor, width) in zip(tensors, widths) where width > 0 {
          target.copyMemory(from: tensor.bytes.baseAddress! + row * width * unit, byteCount: width * unit)
          target += width * unit
        }
      }
    }
    return withExtendedLifetime(tensors) { Tensor(first.elementType, dims: dims, storage: storage) }
  }
}
