import OneiroGraph

/// HardSigmoid, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
///
///     Y = max(0, min(1, alpha * X + beta))
public enum HardSigmoid: Operator {
  public static let schema = OpSchema(
    "HardSigmoid", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 0.2), .float("beta", default: 0.5)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    let beta = call.attributes.float("beta")
    return try call.mapFloats { max(0, min(1, alpha * $0 + beta)) }
  }
}
