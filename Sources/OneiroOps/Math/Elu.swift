import Glibc
import OneiroGraph

/// Elu, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Elu.html
///
///     Y = X where X >= 0, alpha * (exp(X) - 1) below
public enum Elu: Operator {
  public static let schema = OpSchema(
    "Elu", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    return try call.mapFloats { $0 < 0 ? alpha * expm1($0) : $0 }
  }
}
