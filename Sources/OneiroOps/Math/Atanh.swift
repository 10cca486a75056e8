import Glibc
import OneiroGraph

/// Atanh, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Atanh.html
///
///     output = atanh(input)     infinite at -1 and 1, NaN outside
public enum Atanh: Operator {
  public static let schema = OpSchema(
    "Atanh", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { atanh($0) }
  }
}
