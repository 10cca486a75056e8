import OneiroGraph

/// NegativeLogLikelihoodLoss, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
///
///     loss[n, d...] = -weight[c] * input[n, c, d...]     c = target[n, d...]; 0 where it is `ignore_index`
///
/// `reduction` leaves it so, sums it, or divides the sum by that of the weights that took part.
public enum NegativeLogLikelihoodLoss: Operator {
  public static let schema = OpSchema(
    "NegativeLogLikelihoodLoss", since: 22,
    inputs: [.one("input", "T"), .one("target", "Tind"), .optional("weight", "T")], outputs: [.one("loss", "T")],
    attributes: [.int("ignore_index"), .string("reduction", default: "mean")],
    types: ["T": .floats, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [try node.classLoss()] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    [try call.classLoss(try call.tensor(0).doubles())]
  }
}
