import OneiroGraph

/// Cast, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Cast.html
///
/// Between any two types of numbers, bool and strings. `saturate` is about float8 alone: what is past its range becomes
/// the largest finite value, or infinity or NaN without it. `round_mode` is about float8e8m0, which holds powers of
/// two.
public enum Cast: Operator {
  public static let schema = OpSchema(
    "Cast", since: 23, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [
      .string("round_mode", default: "up"), .int("saturate", default: 1), .required("to", .int),
    ], types: ["T1": .castable, "T2": .castable])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.checking("attribute round_mode", try PowerOfTwoRounding(node.attributes))
    return [.tensor(try node.elementType(attribute: "to", of: .castable), try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let to = try call.elementType(attribute: "to")
    let rounding = try PowerOfTwoRounding(call.attributes)
    return [try call.tensor(0).cast(to: to, saturate: call.attributes.bool("saturate"), rounding: rounding)]
  }
}
