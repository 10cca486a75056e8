import OneiroGraph

/// LeakyRelu, ai.onnx opset 16: https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
///
///     Y = X where X >= 0, alpha * X below
public enum LeakyRelu: Operator {
  public static let schema = OpSchema(
    "LeakyRelu", since: 16, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 0.01)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    return try call.mapFloats { $0 < 0 ? alpha * $0 : $0 }
  }
}
