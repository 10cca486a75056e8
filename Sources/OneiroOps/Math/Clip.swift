import OneiroGraph

/// Clip, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Clip.html
///
///     output = min(max, max(input, min))     so that `max` wins where it lies below `min`; NaN stays NaN
public enum Clip: Operator {
  public static let schema = OpSchema(
    "Clip", since: 13, inputs: [.one("input", "T"), .optional("min", "T"), .optional("max", "T")],
    outputs: [.one("output", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    for index in [1, 2] where node.has(index) {
      if let dims = try node.tensor(index).dims, Tensor.elementCount(dims) != 1 {
        throw node.fails(index, expected: "a scalar", found: Shape.text(dims))
      }
    }
    return [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    let bounds = [call.optionalTensor(1), call.optionalTensor(2)]
    guard bounds.allSatisfy({ $0 == nil || $0?.count == 1 }) else { throw call.fails("a bound is not a scalar") }
    if x.elementType.isFloatingPoint {
      let low = bounds[0]?.doubles()[0] ?? -.infinity, high = bounds[1]?.doubles()[0] ?? .infinity
      return [Tensor(x.elementType, doubles: x.doubles().map { clamp($0, low, high) }, dims: x.dims)]
    }
    let low = bounds[0]?.orderedInt64s()[0] ?? .min, high = bounds[1]?.orderedInt64s()[0] ?? .max
    return [Tensor(x.elementType, orderedInt64s: x.orderedInt64s().map { clamp($0, low, high) }, dims: x.dims)]
  }

  private static func clamp<Number: Comparable>(_ value: Number, _ low: Number, _ high: Number) -> Number {
    let raised = value < low ? low : value
    return raised > high ? high : raised
  }
}
