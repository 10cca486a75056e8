import OneiroGraph

/// CastLike, ai.onnx opset 25: https://onnx.ai/onnx/operators/onnx__CastLike.html
///
/// Cast to the element type of `target_type`, whose shape and elements do not matter.
public enum CastLike: Operator {
  public static let schema = OpSchema(
    "CastLike", since: 23, inputs: [.one("input", "T1"), .one("target_type", "T2")], outputs: [.one("output", "T2")],
    attributes: [.string("round_mode", default: "up"), .int("saturate", default: 1)],
    types: ["T1": .castable, "T2": .castable])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.checking("attribute round_mode", try PowerOfTwoRounding(node.attributes))
    return [.tensor(try node.elementType(1), try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let to = try call.tensor(1).elementType
    let rounding = try PowerOfTwoRounding(call.attributes)
    return [try call.tensor(0).cast(to: to, saturate: call.attributes.bool("saturate"), rounding: rounding)]
  }
}
