import OneiroGraph

/// ArgMax and ArgMin.
extension InferenceContext {
  func extremeIndex() throws(GraphError) -> [ValueType] {
    guard var shape = try shape(0) else { return [.tensor(.int64, nil)] }
    let axis = try axis("axis", rank: shape.count)
    guard shape[axis] != .known(0) else { throw fails(0, expected: "elements along axis \(axis)", found: "none") }
    if attributes.bool("keepdims") { shape[axis] = .known(1) } else { shape.remove(at: axis) }
    return [.tensor(.int64, shape)]
  }
}

extension KernelCall {
  /// The position along attribute `axis` of the element that is better than all others. NaN is better than any number.
  func extremeIndex(
    _ floats: (Double, Double) -> Bool, ints: (Int64, Int64) -> Bool
  ) throws(KernelError) -> [Tensor] {
    let data = try tensor(0)
    let axis = try axis(attributes.int("axis"), rank: data.rank)
    let split = AxisSplit(data.dims, axis: axis)
    guard split.length > 0 else { throw fails("axis \(axis) has no elements to choose from") }
    let positions =
      data.elementType.isFloatingPoint
      ? best(data.doubles(), split) { floats($0, $1) || $0.isNaN && !$1.isNaN }
      : best(data.orderedInt64s(), split, ints)
    var dims = data.dims
    if attributes.bool("keepdims") { dims[axis] = 1 } else { dims.remove(at: axis) }
    return [Tensor(positions, dims: dims)]
  }

  private func best<Number>(_ values: [Number], _ split: AxisSplit, _ isBetter: (Number, Number) -> Bool) -> [Int64] {
    let takesLast = attributes.bool("select_last_index")
    var positions: [Int64] = []
    positions.reserveCapacity(split.outer * split.inner)
    split.forEachLine { start in
      var best = 0
      for index in 0..<split.length {
        let value = values[start + index * split.inner], champion = values[start + best * split.inner]
        if isBetter(value, champion) || takesLast && !isBetter(champion, value) { best = index }
      }
      positions.append(Int64(best))
    }
    return positions
  }
}
