import Glibc
import OneiroGraph

/// Sin, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Sin.html
///
///     output = sin(input)     radians
public enum Sin: Operator {
  public static let schema = OpSchema(
    "Sin", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { sin($0) }
  }
}
