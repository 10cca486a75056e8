import Glibc
import OneiroGraph

/// Mish, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Mish.html
///
///     Y = X * tanh(softplus(X))
public enum Mish: Operator {
  public static let schema = OpSchema(
    "Mish", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { $0 * tanh(max($0, 0) + log1p(exp(-abs($0)))) }
  }
}
