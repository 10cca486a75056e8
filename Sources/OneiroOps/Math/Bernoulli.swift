import OneiroGraph

/// Bernoulli, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Bernoulli.html
///
/// Draws 1 with the probability that the input holds, and 0 otherwise.
public enum Bernoulli: Operator {
  public static let schema = OpSchema(
    "Bernoulli", since: 22, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [.int("dtype"), .float("seed")], types: ["T1": .floats, "T2": .numeric.union(.bool)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.randomOutputLikeInput(.numeric.union(.bool))
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let probabilities = try call.tensor(0).doubles()
    return try call.randomTensor(.numeric.union(.bool)) { call.random() < probabilities[$0] ? 1 : 0 }
  }
}
