import Glibc
import OneiroGraph

/// Swish, ai.onnx opset 24: https://onnx.ai/onnx/operators/onnx__Swish.html
///
///     Y = X * Sigmoid(alpha * X)
public enum Swish: Operator {
  public static let schema = OpSchema(
    "Swish", since: 24, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.float("alpha", default: 1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(try node.tensor(0))] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let alpha = call.attributes.float("alpha")
    return try call.mapFloats { swish($0, alpha) }
  }

  static func swish(_ x: Double, _ alpha: Double) -> Double { x / (1 + exp(-alpha * x)) }
}
