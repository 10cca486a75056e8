import OneiroGraph

/// Element by element: the arithmetic that most operators are, in every element type with one body per family.
/// Floats are computed in Double and rounded once; integers wrap as two's complement.
extension KernelCall {
  /// y = f(x) for floating-point x.
  public func mapFloats(_ index: Int = 0, _ f: (Double) -> Double) throws(KernelError) -> [Tensor] {
    let x = try tensor(index)
    return [Tensor(x.elementType, doubles: x.doubles().map(f), dims: x.dims)]
  }

  /// y = f(x), integers through Int64 (uint64 by its bits).
  public func map(floats: (Double) -> Double, ints: (Int64) -> Int64) throws(KernelError) -> [Tensor] {
    let x = try tensor(0)
    return x.elementType.isFloatingPoint
      ? [Tensor(x.elementType, doubles: x.doubles().map(floats), dims: x.dims)]
      : [Tensor(x.elementType, int64s: x.int64s().map(ints), dims: x.dims)]
  }

  /// c = f(a, b) with broadcasting. `unsigned` is for uint64 and narrower unsigned types, where the sign bit counts.
  public func combine(
    floats: (Double, Double) -> Double, ints: (Int64, Int64) throws(KernelError) -> Int64,
    unsigned: ((UInt64, UInt64) throws(KernelError) -> UInt64)? = nil
  ) throws(KernelError) -> [Tensor] {
    let a = try tensor(0), b = try tensor(1)
    return [try combine(a, b, floats: floats, ints: ints, unsigned: unsigned)]
  }

  public func combine(
    _ a: Tensor, _ b: Tensor, floats: (Double, Double) -> Double, ints: (Int64, Int64) throws(KernelError) -> Int64,
    unsigned: ((UInt64, UInt64) throws(KernelError) -> UInt64)? = nil
  ) throws(KernelError) -> Tensor {
    let dims = try commonShape(a, b)
    let left = Shape.broadcastIndices(a.dims, to: dims), right = Shape.broadcastIndices(b.dims, to: dims)
    if a.elementType.isFloatingPoint {
      let x = a.doubles(), y = b.doubles()
      return Tensor(a.elementType, doubles: left.indices.map { floats(x[left[$0]], y[right[$0]]) }, dims: dims)
    }
    let x = a.int64s(), y = b.int64s()
    var result = [Int64](repeating: 0, count: left.count)
    for index in left.indices {
      if let unsigned, a.elementType.isUnsignedInteger {
        result[index] = Int64(
          bitPattern: try unsigned(UInt64(bitPattern: x[left[index]]), UInt64(bitPattern: y[right[index]])))
      } else {
        result[index] = try ints(x[left[index]], y[right[index]])
      }
    }
    return Tensor(a.elementType, int64s: result, dims: dims)
  }

  /// bool c = f(a, b) with broadcasting.
  public func compare(
    floats: (Double, Double) -> Bool, ints: (Int64, Int64) -> Bool, unsigned: (UInt64, UInt64) -> Bool
  ) throws(KernelError) -> [Tensor] {
    let a = try tensor(0), b = try tensor(1)
    let dims = try commonShape(a, b)
    let left = Shape.broadcastIndices(a.dims, to: dims), right = Shape.broadcastIndices(b.dims, to: dims)
    let result: [Bool]
    if a.elementType.isFloatingPoint {
      let x = a.doubles(), y = b.doubles()
      result = left.indices.map { floats(x[left[$0]], y[right[$0]]) }
    } else {
      let x = a.int64s(), y = b.int64s()
      result = left.indices.map {
        a.elementType.isUnsignedInteger
          ? unsigned(UInt64(bitPattern: x[left[$0]]), UInt64(bitPattern: y[right[$0]]))
          : ints(x[left[$0]], y[right[$0]])
      }
    }
    return [Tensor(result, dims: dims)]
  }

  public func commonShape(_ tensors: Tensor...) throws(KernelError) -> [Int] {
    guard let dims = Shape.broadcast(tensors.map(\.dims)) else {
      throw fails("shapes \(tensors.map { "\($0.dims)" }.joined(separator: " and ")) do not broadcast")
    }
    for tensor in tensors { _ = try elementCount(dims, of: tensor.elementType) }
    return dims
  }
}
