import OneiroGraph

/// MatMul, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__MatMul.html
///
///     Y = A · B     numpy's matmul: stacks of matrices broadcast, vectors gain an axis and lose it again
public enum MatMul: Operator {
  public static let schema = OpSchema(
    "MatMul", since: 13, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("Y", "T")], types: ["T": .products])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.matrixProduct(0, 1))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try call.tensor(0), b = try call.tensor(1)
    let product = try MatrixProduct(a.dims, b.dims)
    return a.elementType.isFloatingPoint
      ? [Tensor(a.elementType, doubles: product(a.doubles(), b.doubles()), dims: product.dims)]
      : [Tensor(a.elementType, int64s: product(a.int64s(), b.int64s()), dims: product.dims)]
  }
}
