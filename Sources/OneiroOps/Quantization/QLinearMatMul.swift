import OneiroGraph

/// QLinearMatMul, ai.onnx opset 21: https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
///
///     y = saturate(round((a - a_zero_point) * a_scale · (b - b_zero_point) * b_scale / y_scale) + y_zero_point)
///
/// Scales are for the whole tensor, for the rows of `a`, or for the columns of `b`.
public enum QLinearMatMul: Operator {
  private static let quantized = ElementTypeSet([.int8, .uint8]).union(.signedFloat8s)

  public static let schema = OpSchema(
    "QLinearMatMul", since: 21,
    inputs: [
      .one("a", "T1"), .one("a_scale", "TS"), .one("a_zero_point", "T1"), .one("b", "T2"), .one("b_scale", "TS"),
      .one("b_zero_point", "T2"), .one("y_scale", "TS"), .one("y_zero_point", "T3"),
    ], outputs: [.one("y", "T3")],
    types: [
      "TS": ElementTypeSet([.float16, .bfloat16, .float32]), "T1": quantized, "T2": quantized, "T3": quantized,
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(7), try node.matrixProduct(0, 3))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try call.tensor(0), b = try call.tensor(3)
    let product = try MatrixProduct(a.dims, b.dims)
    let left = try real(a, scale: 1, zeroPoint: 2, isLeft: true, call)
    let right = try real(b, scale: 4, zeroPoint: 5, isLeft: false, call)
    let type = try call.tensor(7).elementType
    guard quantized.contains(type) else { throw call.fails("cannot quantize to \(type.name)") }
    let scales = try call.matrixQuantization(6, over: product.dims, isLeft: true) ?? []
    let zeroPoints = try call.matrixQuantization(7, over: product.dims, isLeft: true) ?? []
    var y = product(left, right)
    for index in y.indices {
      let quotient = y[index] / scales[index]
      y[index] = (type.isInteger ? quotient.rounded(.toNearestOrEven) : quotient) + zeroPoints[index]
    }
    return [Tensor(type, quantized: y, dims: product.dims)]
  }

  private static func real(
    _ operand: Tensor, scale: Int, zeroPoint: Int, isLeft: Bool, _ call: KernelCall
  ) throws(KernelError) -> [Double] {
    let values = try call.centered(operand, zeroPoint: zeroPoint, isLeft: isLeft)
    guard let scales = try call.matrixQuantization(scale, over: operand.dims, isLeft: isLeft) else { return values }
    return zip(values, scales).map { $0 * $1 }
  }
}
