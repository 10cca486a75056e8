import OneiroGraph

/// Adagrad, ai.onnx.preview.training opset 1:
/// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html
///
///     g = norm_coefficient * X + G
///     H' = H + g²
///     X' = X - R / (1 + T * decay_factor) * g / (√H' + epsilon)
public enum Adagrad: Operator {
  public static let schema = TrainingStep.schema(
    "Adagrad",
    [
      .float("decay_factor", default: 0), .float("epsilon", default: 1e-6), .float("norm_coefficient", default: 0),
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.trainingStep(states: 1)
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let decay = call.attributes.float("decay_factor")
    let epsilon = call.attributes.float("epsilon")
    let norm = call.attributes.float("norm_coefficient")
    return try call.trainingStep(states: 1) { rate, step, element in
      let gradient = norm * element[0] + element[1]
      let squares = element[2] + gradient * gradient
      return [element[0] - rate / (1 + step * decay) * gradient / (squares.squareRoot() + epsilon), squares]
    }
  }
}
