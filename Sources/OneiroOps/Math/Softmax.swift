import Glibc
import OneiroGraph

/// Softmax, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Softmax.html
///
///     output = exp(input - max) / sum(exp(input - max))     along `axis`
public enum Softmax: Operator {
  public static let schema = OpSchema(
    "Softmax", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: -1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { try node.sameShapeAlongAxis() }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapLines { values in
      let top = values.max() ?? 0
      for index in values.indices { values[index] = exp(values[index] - top) }
      let sum = values.reduce(0, +)
      for index in values.indices { values[index] /= sum }
    }
  }
}
