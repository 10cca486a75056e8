import OneiroGraph

/// Identity, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Identity.html
///
/// Any value: a tensor, a sequence, or an optional.
public enum Identity: Operator {
  public static let schema = OpSchema(
    "Identity", since: 23, inputs: [.one("input", "V")], outputs: [.one("output", "V")])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [try node.type(0)] }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] { [try call.value(0)] }
}
