import Glibc
import OneiroGraph

/// Cosh, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Cosh.html
///
///     output = cosh(input)
public enum Cosh: Operator {
  public static let schema = OpSchema(
    "Cosh", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { cosh($0) }
  }
}
