import OneiroGraph

/// HannWindow, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__HannWindow.html
///
///     output[n] = 1/2 - cos(2πn/N)/2     N = size, or size - 1 when not `periodic`
public enum HannWindow: Operator {
  public static let schema = OpSchema(
    "HannWindow", since: 17, inputs: [.one("size", "T1")], outputs: [.one("output", "T2")],
    attributes: [.int("output_datatype", default: 1), .int("periodic", default: 1)],
    types: ["T1": .indices, "T2": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.window()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.window(0.5, 0.5, 0)
  }
}
