import Glibc
import OneiroGraph

/// Cos, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Cos.html
///
///     output = cos(input)     radians
public enum Cos: Operator {
  public static let schema = OpSchema(
    "Cos", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { cos($0) }
  }
}
