import OneiroGraph

extension SparseTensor {
  /// The whole tensor, zeros included.
  /// - Throws: when an index lies outside, or indices and values differ in number.
  public func dense() throws(GraphError) -> Tensor {
    let positions = indices.int64s().map(Int.init)
    let rank = indices.rank == 2 ? indices.dims[1] : 1
    guard let total = Tensor.elementCount(dims), positions.count == values.count * rank, rank == 1 || rank == dims.count
    else {
      throw .mismatch(
        "sparse tensor", expected: "\(values.count) positions of rank \(dims.count)", found: "\(indices.dims)")
    }
    var source = [Int](repeating: -1, count: total)
    let strides = Shape.strides(dims)
    for index in 0..<values.count {
      var offset = 0
      for axis in 0..<rank {
        let position = positions[index * rank + axis], bound = rank == 1 && indices.rank != 2 ? total : dims[axis]
        guard position >= 0, position < bound else {
          throw .mismatch("sparse tensor index \(index)", expected: "0 ..< \(bound)", found: "\(position)")
        }
        offset += rank == 1 && indices.rank != 2 ? position : position * strides[axis]
      }
      source[offset] = index
    }
    return values.gathering(source, dims: dims)
  }
}
