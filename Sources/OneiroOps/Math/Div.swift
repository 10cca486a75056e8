import OneiroGraph

/// Div, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Div.html
///
///     C = A / B     with broadcasting
///
/// Integers are truncated towards zero. The one quotient that does not fit, the lowest number by -1, wraps to itself.
public enum Div: Operator {
  public static let schema = OpSchema(
    "Div", since: 14, inputs: [.one("A", "T"), .one("B", "T")], outputs: [.one("C", "T")], types: ["T": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.combine(
      floats: /,
      ints: { (a, b) throws(KernelError) in
        guard b != 0 else { throw call.fails("division of an integer by zero") }
        return a.dividedReportingOverflow(by: b).partialValue
      },
      unsigned: { (a, b) throws(KernelError) in
        guard b != 0 else { throw call.fails("division of an integer by zero") }
        return a / b
      })
  }
}
