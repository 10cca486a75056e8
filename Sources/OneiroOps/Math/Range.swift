import OneiroGraph

/// Range, ai.onnx opset 27: https://onnx.ai/onnx/operators/onnx__Range.html
///
///     output = start, start + delta, ...     as long as they lie before limit
///
/// Each element is computed in Double, which is at least what any `stash_type` asks for. The type is not called Range,
/// so that Swift's own keeps its name.
public enum RangeOperator: Operator {
  public static let schema = OpSchema(
    "Range", since: 11,
    inputs: [.one("start", "T"), .one("limit", "T"), .one("delta", "T")], outputs: [.one("output", "T")],
    attributes: [.int("stash_type", default: 1)],
    types: ["T": .floats.union(ElementTypeSet([.int16, .int32, .int64]))])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    guard let start = node.value(0), let limit = node.value(1), let delta = node.value(2) else {
      return [.tensor(type, [.unknown])]
    }
    do {
      return [.tensor(type, dims: [try count(start, limit, delta)])]
    } catch {
      throw node.fails(nil, error.description)
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let start = try call.tensor(0), delta = try call.tensor(2)
    let count = try count(start, try call.tensor(1), delta)
    _ = try call.elementCount([count], of: start.elementType)
    if start.elementType.isFloatingPoint {
      let first = start.doubles()[0], step = delta.doubles()[0]
      return [Tensor(start.elementType, doubles: (0..<count).map { first + Double($0) * step }, dims: [count])]
    }
    let first = start.int64s()[0], step = delta.int64s()[0]
    return [Tensor(start.elementType, int64s: (0..<count).map { first &+ Int64($0) &* step }, dims: [count])]
  }

  /// max(0, ⌈(limit - start) / delta⌉)
  private static func count(_ start: Tensor, _ limit: Tensor, _ delta: Tensor) throws(KernelError) -> Int {
    guard start.count == 1, limit.count == 1, delta.count == 1 else {
      throw KernelError("start, limit and delta: expected scalars")
    }
    if start.elementType.isFloatingPoint {
      let steps = ((limit.doubles()[0] - start.doubles()[0]) / delta.doubles()[0]).rounded(.up)
      guard let count = Int(exactly: max(0, steps)) else { throw KernelError("there would be \(steps) elements") }
      return count
    }
    let step = Int128(delta.int64s()[0]), span = Int128(limit.int64s()[0]) - Int128(start.int64s()[0])
    guard step != 0 else { throw KernelError("delta is zero") }
    let steps = span / step + (span % step != 0 && (span < 0) == (step < 0) ? 1 : 0)
    guard let count = Int(exactly: max(0, steps)) else { throw KernelError("there would be \(steps) elements") }
    return count
  }
}
