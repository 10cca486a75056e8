import OneiroGraph

/// What CumSum and CumProd share: an input, an axis as input 1, and attributes `exclusive` and `reverse`.
extension InferenceContext {
  func inferRunningTotals() throws(GraphError) -> [ValueType] {
    let x = try tensor(0)
    if let dims = try tensor(1).dims, Tensor.elementCount(dims) != 1 {
      throw fails(1, expected: "a scalar", found: Shape.text(dims))
    }
    if let axis = ints(1)?.first, let shape = x.shape {
      _ = try self.axis(axis, rank: shape.count, subject(1))
    }
    return [.tensor(x)]
  }
}

extension KernelCall {
  /// Along the axis, each element joined with all before it, beginning with `start`.
  func runningTotals(
    from start: Int64, floats: (Double, Double) -> Double, ints: (Int64, Int64) -> Int64
  ) throws(KernelError) -> [Tensor] {
    let x = try tensor(0)
    guard let axes = self.ints(1), axes.count == 1 else { throw fails("axis is not a scalar") }
    let split = AxisSplit(x.dims, axis: try axis(axes[0], rank: x.rank))
    return x.elementType.isFloatingPoint
      ? [Tensor(x.elementType, doubles: totals(x.doubles(), split, from: Double(start), floats), dims: x.dims)]
      : [Tensor(x.elementType, int64s: totals(x.int64s(), split, from: start, ints), dims: x.dims)]
  }

  private func totals<Number>(
    _ values: [Number], _ split: AxisSplit, from start: Number, _ join: (Number, Number) -> Number
  ) -> [Number] {
    let isExclusive = attributes.bool("exclusive"), isReversed = attributes.bool("reverse")
    var result = values
    split.forEachLine { line in
      var total = start
      for step in 0..<split.length {
        let index = line + (isReversed ? split.length - 1 - step : step) * split.inner
        let next = join(total, values[index])
        result[index] = isExclusive ? total : next
        total = next
      }
    }
    return result
  }
}
