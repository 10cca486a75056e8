import Glibc
import OneiroGraph

/// Acosh, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Acosh.html
///
///     output = acosh(input)     NaN below 1
public enum Acosh: Operator {
  public static let schema = OpSchema(
    "Acosh", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { acosh($0) }
  }
}
