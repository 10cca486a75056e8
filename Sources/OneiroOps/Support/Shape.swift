import OneiroGraph

/// Arithmetic on known extents, row-major.
public enum Shape {
  /// Elements between two neighbours along each axis. A tensor without elements may have extents whose product
  /// overflows; nobody walks it, so its strides may wrap.
  public static func strides(_ dims: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: dims.count)
    for axis in dims.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* dims[axis + 1] }
    return strides
  }

  /// Strides that walk `dims` as if it had shape `target`: 0 along every axis that is repeated.
  public static func broadcastStrides(_ dims: [Int], to target: [Int]) -> [Int] {
    let own = strides(dims), missing = target.count - dims.count
    return target.indices.map { axis in
      axis < missing || dims[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }

  /// The common shape by numpy's rule; `nil` when there is none.
  public static func broadcast(_ shapes: [[Int]]) -> [Int]? {
    var result: [Int] = []
    for dims in shapes {
      let rank = max(result.count, dims.count)
      let left = [Int](repeating: 1, count: rank - result.count) + result
      let right = [Int](repeating: 1, count: rank - dims.count) + dims
      result = []
      for (a, b) in zip(left, right) {
        guard a == b || a == 1 || b == 1 else { return nil }
        result.append(a == 1 ? b : a)
      }
    }
    return result
  }

  /// Calls `body` for every position of `dims` in row-major order with the offsets that each list of strides gives.
  public static func walk<E: Error>(
    _ dims: [Int], _ strides: [Int], _ body: (_ linear: Int, _ offset: Int) throws(E) -> Void
  ) throws(E) {
    guard !dims.contains(0) else { return }
    var position = [Int](repeating: 0, count: dims.count)
    var offset = 0, linear = 0
    while true {
      try body(linear, offset)
      linear += 1
      var axis = dims.count - 1
      while axis >= 0 {
        position[axis] += 1
        offset += strides[axis]
        if position[axis] < dims[axis] { break }
        offset -= strides[axis] * dims[axis]
        position[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// For every element of `target` in row-major order, the index of the element of `dims` that is broadcast there.
  public static func broadcastIndices(_ dims: [Int], to target: [Int]) -> [Int] {
    var indices = [Int](repeating: 0, count: count(target))
    walk(target, broadcastStrides(dims, to: target)) { indices[$0] = $1 }
    return indices
  }
}

extension Shape {
  /// `[2,3]`, as shapes stand in messages.
  public static func text(_ dims: [Int]) -> String { "[\(dims.map(String.init).joined(separator: ","))]" }
}
