import Glibc
import OneiroGraph

/// Softplus, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Softplus.html
///
///     Y = ln(exp(X) + 1)     written so that exp cannot overflow
public enum Softplus: Operator {
  public static let schema = OpSchema(
    "Softplus", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { max($0, 0) + log1p(exp(-abs($0))) }
  }
}
