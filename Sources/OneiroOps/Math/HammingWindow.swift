import OneiroGraph

/// HammingWindow, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__HammingWindow.html
///
///     output[n] = 25/46 - 21/46 cos(2πn/N)     N = size, or size - 1 when not `periodic`
public enum HammingWindow: Operator {
  public static let schema = OpSchema(
    "HammingWindow", since: 17, inputs: [.one("size", "T1")], outputs: [.one("output", "T2")],
    attributes: [.int("output_datatype", default: 1), .int("periodic", default: 1)],
    types: ["T1": .indices, "T2": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.window()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.window(25.0 / 46, 21.0 / 46, 0)
  }
}
