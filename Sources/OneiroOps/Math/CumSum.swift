import OneiroGraph

/// CumSum, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__CumSum.html
///
///     y[i] = x[0] + ... + x[i]     along `axis`; without x[i] when `exclusive`, from the end when `reverse`
public enum CumSum: Operator {
  public static let schema = OpSchema(
    "CumSum", since: 14, inputs: [.one("x", "T"), .one("axis", "T2")], outputs: [.one("y", "T")],
    attributes: [.int("exclusive", default: 0), .int("reverse", default: 0)], types: ["T": .products, "T2": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    if let dims = try node.tensor(1).dims, Tensor.elementCount(dims) != 1 {
      throw node.fails(1, expected: "a scalar", found: Shape.text(dims))
    }
    if let axis = node.ints(1)?.first, let shape = x.shape {
      _ = try node.axis(axis, rank: shape.count, node.subject(1))
    }
    return [.tensor(x)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    guard let axes = call.ints(1), axes.count == 1 else { throw call.fails("axis is not a scalar") }
    let split = AxisSplit(x.dims, axis: try call.axis(axes[0], rank: x.rank))
    return x.elementType.isFloatingPoint
      ? [Tensor(x.elementType, doubles: sums(x.doubles(), split, call.attributes, from: 0, +), dims: x.dims)]
      : [Tensor(x.elementType, int64s: sums(x.int64s(), split, call.attributes, from: 0, &+), dims: x.dims)]
  }

  private static func sums<Number>(
    _ values: [Number], _ split: AxisSplit, _ attributes: NodeAttributes, from zero: Number,
    _ add: (Number, Number) -> Number
  ) -> [Number] {
    let isExclusive = attributes.bool("exclusive"), isReversed = attributes.bool("reverse")
    var result = values
    split.forEachLine { start in
      var sum = zero
      for step in 0..<split.length {
        let index = start + (isReversed ? split.length - 1 - step : step) * split.inner
        let next = add(sum, values[index])
        result[index] = isExclusive ? sum : next
        sum = next
      }
    }
    return result
  }
}
