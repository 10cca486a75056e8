import OneiroGraph

/// MatMulInteger, ai.onnx opset 10: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
///
///     Y = (A - a_zero_point) · (B - b_zero_point)     in int32, which wraps
public enum MatMulInteger: Operator {
  private static let bytes = ElementTypeSet([.int8, .uint8])

  public static let schema = OpSchema(
    "MatMulInteger", since: 10,
    inputs: [.one("A", "T1"), .one("B", "T2"), .optional("a_zero_point", "T1"), .optional("b_zero_point", "T2")],
    outputs: [.one("Y", "T3")], types: ["T1": bytes, "T2": bytes, "T3": ElementTypeSet([.int32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.int32, try node.matrixProduct(0, 1))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try call.tensor(0), b = try call.tensor(1)
    let product = try MatrixProduct(a.dims, b.dims)
    // Sums of products of 9-bit numbers are exact in Double far past what int32 holds.
    let sums = product(
      try call.centered(a, zeroPoint: 2, isLeft: true), try call.centered(b, zeroPoint: 3, isLeft: false))
    return [Tensor(.int32, doubles: sums, dims: product.dims)]
  }
}
