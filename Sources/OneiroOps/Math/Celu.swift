import Glibc
import OneiroGraph

/// Celu, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Celu.html
///
///     Y = max(0, X) + min(0, alpha * (exp(X / alpha) - 1))
public enum Celu: Operator {
  public static let schema = OpSchema(
    "Celu", since: 12, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    return try call.mapFloats { $0 > 0 ? $0 : alpha * expm1($0 / alpha) }
  }
}
