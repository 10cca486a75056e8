import OneiroGraph

/// SwiGLU, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__SwiGLU.html
///
///     Y = A * Sigmoid(alpha * A) * B     for A and B of one shape
public enum SwiGLU: Operator {
  public static let schema = OpSchema(
    "SwiGLU", since: 28, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let a = try node.tensor(0)
    guard let first = a.shape, let second = try node.shape(1) else { return [.tensor(a)] }
    guard first.count == second.count, zip(first, second).allSatisfy({ $0.agrees(with: $1) }) else {
      throw node.fails(1, expected: a.shapeText, found: try node.tensor(1).shapeText, because: "A has that shape")
    }
    return [.tensor(a.elementType, zip(first, second).map { $0.extent == nil ? $1 : $0 })]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try call.tensor(0), b = try call.tensor(1), alpha = call.attributes.float("alpha")
    guard a.dims == b.dims else {
      throw call.fails("A and B: expected one shape, found \(Shape.text(a.dims)) and \(Shape.text(b.dims))")
    }
    let products = zip(a.doubles(), b.doubles()).map { Swish.swish($0, alpha) * $1 }
    return [Tensor(a.elementType, doubles: products, dims: a.dims)]
  }
}
