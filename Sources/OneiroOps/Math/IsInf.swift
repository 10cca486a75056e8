import OneiroGraph

/// IsInf, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__IsInf.html
///
///     Y = whether X is infinite, of the signs that are to be detected
public enum IsInf: Operator {
  public static let schema = OpSchema(
    "IsInf", since: 20, inputs: [.one("X", "T1")], outputs: [.one("Y", "T2")],
    attributes: [.int("detect_negative", default: 1), .int("detect_positive", default: 1)],
    types: ["T1": .floats.union(.signedFloat8s), "T2": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.bool, try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    let negative = call.attributes.bool("detect_negative"), positive = call.attributes.bool("detect_positive")
    let found = x.doubles().map { $0 == .infinity && positive || $0 == -.infinity && negative }
    return [Tensor(found, dims: x.dims)]
  }
}
