import OneiroGraph

/// ThresholdedRelu, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
///
///     Y = X where X > alpha, 0 elsewhere
public enum ThresholdedRelu: Operator {
  public static let schema = OpSchema(
    "ThresholdedRelu", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    return try call.mapFloats { $0 > alpha ? $0 : 0 }
  }
}
