import Glibc
import OneiroGraph

/// Selu, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Selu.html
///
///     Y = gamma * X where X > 0, gamma * alpha * (exp(X) - 1) elsewhere
public enum Selu: Operator {
  public static let schema = OpSchema(
    "Selu", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1.67326319), .float("gamma", default: 1.05070102)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    let gamma = call.attributes.float("gamma")
    return try call.mapFloats { gamma * ($0 > 0 ? $0 : alpha * expm1($0)) }
  }
}
