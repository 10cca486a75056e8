import OneiroGraph

/// Momentum, ai.onnx.preview.training opset 1:
/// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html
///
///     g = norm_coefficient * X + G
///     V' = alpha * V + (T > 0 ? beta : 1) * g
///     X' = X - R * V', or X - R * (g + alpha * V') with mode = "nesterov"
public enum Momentum: Operator {
  public static let schema = TrainingStep.schema(
    "Momentum",
    [
      .required("alpha", .float), .required("beta", .float), .required("mode", .string),
      .required("norm_coefficient", .float),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let mode = node.attributes.string("mode")
    guard ["standard", "nesterov"].contains(mode) else {
      throw .mismatch(node: node.node, "attribute mode", expected: "standard or nesterov", found: mode)
    }
    return try node.trainingStep(states: 1)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    let beta = call.attributes.float("beta")
    let norm = call.attributes.float("norm_coefficient")
    let isNesterov = call.attributes.string("mode") == "nesterov"
    return try call.trainingStep(states: 1) { rate, step, element in
      let gradient = norm * element[0] + element[1]
      let momentum = alpha * element[2] + (step > 0 ? beta : 1) * gradient
      return [element[0] - rate * (isNesterov ? gradient + alpha * momentum : momentum), momentum]
    }
  }
}
