import OneiroGraph

/// Floor, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Floor.html
///
///     Y = ⌊X⌋
public enum Floor: Operator {
  public static let schema = OpSchema(
    "Floor", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0.rounded(.down) }
  }
}
