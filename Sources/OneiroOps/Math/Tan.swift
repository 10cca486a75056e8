import Glibc
import OneiroGraph

/// Tan, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Tan.html
///
///     output = tan(input)     radians
public enum Tan: Operator {
  public static let schema = OpSchema(
    "Tan", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { tan($0) }
  }
}
