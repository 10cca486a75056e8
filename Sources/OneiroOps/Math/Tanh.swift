import Glibc
import OneiroGraph

/// Tanh, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Tanh.html
///
///     output = tanh(input)
public enum Tanh: Operator {
  public static let schema = OpSchema(
    "Tanh", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { tanh($0) }
  }
}
