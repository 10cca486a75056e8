import Glibc
import OneiroGraph

/// Exp, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Exp.html
///
///     output = e^input
public enum Exp: Operator {
  public static let schema = OpSchema(
    "Exp", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { exp($0) }
  }
}
