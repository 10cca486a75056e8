import Glibc
import OneiroGraph

/// Adam, ai.onnx.preview.training opset 1:
/// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
///
///     g = norm_coefficient * X + G
///     V' = alpha * V + (1 - alpha) * g
///     H' = beta * H + (1 - beta) * g²
///     r = R * √(1 - beta^T) / (1 - alpha^T)     R alone where T is 0
///     X' = (1 - norm_coefficient_post) * (X - r * V' / (√H' + epsilon))
public enum Adam: Operator {
  public static let schema = TrainingStep.schema(
    "Adam",
    [
      .float("alpha", default: 0.9), .float("beta", default: 0.999), .float("epsilon", default: 1e-6),
      .float("norm_coefficient", default: 0), .float("norm_coefficient_post", default: 0),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.trainingStep(states: 2)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    let beta = call.attributes.float("beta")
    let epsilon = call.attributes.float("epsilon")
    let norm = call.attributes.float("norm_coefficient")
    let normAfter = call.attributes.float("norm_coefficient_post")
    return try call.trainingStep(states: 2) { rate, step, element in
      let gradient = norm * element[0] + element[1]
      let mean = alpha * element[2] + (1 - alpha) * gradient
      let squares = beta * element[3] + (1 - beta) * gradient * gradient
      let adjusted = step > 0 ? rate * (1 - pow(beta, step)).squareRoot() / (1 - pow(alpha, step)) : rate
      let moved = element[0] - adjusted * mean / (squares.squareRoot() + epsilon)
      return [(1 - normAfter) * moved, mean, squares]
    }
  }
}
