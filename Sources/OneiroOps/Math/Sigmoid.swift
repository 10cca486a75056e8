import Glibc
import OneiroGraph

/// Sigmoid, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Sigmoid.html
///
///     Y = 1 / (1 + exp(-X))
public enum Sigmoid: Operator {
  public static let schema = OpSchema(
    "Sigmoid", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { 1 / (1 + exp(-$0)) }
  }
}
