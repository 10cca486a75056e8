import OneiroGraph

/// Expand, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Expand.html
///
/// Broadcast to `shape` by numpy's rule, in which an extent of 1 in `shape` keeps the input's own.
public enum Expand: Operator {
  public static let schema = OpSchema(
    "Expand", since: 13, inputs: [.one("input", "T"), .one("shape", "Tshape")], outputs: [.one("output", "T")],
    types: ["T": .beforeFloat8, "Tshape": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard let target = node.ints(1) else {
      guard let rank = try node.shape(1)?.first?.extent, let shape = input.shape else {
        return [.tensor(input.elementType, nil)]
      }
      return [.tensor(input.elementType, .unknown(rank: max(rank, shape.count)))]
    }
    guard let shape = input.shape else { return [.tensor(input.elementType, nil)] }
    let rank = max(shape.count, target.count)
    let own = [Dimension](repeating: .known(1), count: rank - shape.count) + shape
    let wanted = [Int](repeating: 1, count: rank - target.count) + target
    var result: [Dimension] = []
    for (extent, target) in zip(own, wanted) {
      guard target >= 0, target == 1 || extent == .known(1) || extent.agrees(with: .known(target)) else {
        throw node.fails(1, expected: "a shape that \(input.shapeText) broadcasts to", found: Shape.text(wanted))
      }
      result.append(target == 1 ? extent : .known(target))
    }
    return [.tensor(input.elementType, result)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), target = try call.requiredInts(1)
    guard let dims = Shape.broadcast([input.dims, target]) else {
      throw call.fails("shape \(Shape.text(input.dims)) does not broadcast to \(Shape.text(target))")
    }
    _ = try call.elementCount(dims, of: input.elementType)
    return [input.strided(dims: dims, strides: Shape.broadcastStrides(input.dims, to: dims))]
  }
}
