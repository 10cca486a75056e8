import Glibc
import OneiroGraph

/// Erf, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Erf.html
///
///     output = 2/√π · ∫ exp(-t²) dt from 0 to input
public enum Erf: Operator {
  public static let schema = OpSchema(
    "Erf", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { erf($0) }
  }
}
