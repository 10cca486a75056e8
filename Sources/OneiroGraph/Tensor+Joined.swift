extension Tensor {
  /// Tensors side by side along an axis, without copying them before somebody reads the elements (`ByteStorage`).
  /// - Returns: `nil` where they differ in their element type, in how they are kept, or in another extent; for elements
  ///   that are not whole bytes; and where there are none.
  public static func joined(_ tensors: [Tensor], axis: Int) -> Tensor? {
    guard let first = tensors.first, let stored = first.stored, first.dims.indices.contains(axis),
      stored.type.bitWidth.isMultiple(of: 8)
    else { return nil }
    var dims = first.dims
    dims[axis] = 0
    for tensor in tensors {
      guard tensor.elementType == first.elementType, tensor.stored?.type == stored.type, tensor.rank == first.rank,
        dims.indices.allSatisfy({ $0 == axis || tensor.dims[$0] == dims[$0] })
      else { return nil }
      dims[axis] += tensor.dims[axis]
    }
    let rows = dims[..<axis].reduce(1, *)
    guard rows > 0, let count = elementCount(dims), count > 0 else { return nil }
    let storage = ByteStorage(joining: tensors.compactMap { $0.stored?.storage }, rows: rows)
    return first.isNarrow
      ? Tensor(widening: storage, from: stored.type, dims: dims)
      : Tensor(first.elementType, dims: dims, storage: storage)
  }
}
