import Glibc
import OneiroGraph

/// LogSoftmax, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
///
///     output = input - max - ln(sum(exp(input - max)))     along `axis`
public enum LogSoftmax: Operator {
  public static let schema = OpSchema(
    "LogSoftmax", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: -1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.sameShapeAlongAxis()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapLines { values in
      let top = values.max() ?? 0
      let logarithm = log(values.reduce(0) { $0 + exp($1 - top) })
      for index in values.indices { values[index] -= top + logarithm }
    }
  }
}
