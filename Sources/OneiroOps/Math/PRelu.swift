import OneiroGraph

/// PRelu, ai.onnx opset 16: https://onnx.ai/onnx/operators/onnx__PRelu.html
///
///     Y = X where X >= 0, slope * X below     slope broadcasts to X
public enum PRelu: Operator {
  public static let schema = OpSchema(
    "PRelu", since: 16, inputs: [.one("X", "T"), .one("slope", "T")], outputs: [.one("Y", "T")],
    types: ["T": .products])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    if let common = try node.broadcast([0, 1]), let shape = x.shape, common.count != shape.count {
      throw node.fails(1, expected: "a shape that broadcasts to \(x.shapeText)", found: try node.tensor(1).shapeText)
    }
    return [.tensor(x)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), slope = try call.tensor(1)
    guard Shape.broadcast([x.dims, slope.dims]) == x.dims else {
      throw call.fails("slope of shape \(Shape.text(slope.dims)) does not broadcast to \(Shape.text(x.dims))")
    }
    return try call.combine(
      floats: { $0 < 0 ? $0 * $1 : $0 }, ints: { $0 < 0 ? $0 &* $1 : $0 }, unsigned: { x, _ in x })
  }
}
