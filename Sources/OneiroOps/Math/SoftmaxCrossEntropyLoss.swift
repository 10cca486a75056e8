import Glibc
import OneiroGraph

/// SoftmaxCrossEntropyLoss, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
///
///     log_prob = log(softmax(scores))     over the classes, axis 1
///     output = the negative log likelihood loss of log_prob
public enum SoftmaxCrossEntropyLoss: Operator {
  public static let schema = OpSchema(
    "SoftmaxCrossEntropyLoss", since: 13,
    inputs: [.one("scores", "T"), .one("labels", "Tind"), .optional("weights", "T")],
    outputs: [.one("output", "T"), .optional("log_prob", "T")],
    attributes: [.int("ignore_index"), .string("reduction", default: "mean")],
    types: ["T": .floats, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [try node.classLoss(), .tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let scores = try call.tensor(0)
    guard scores.rank >= 2 else { throw call.fails("scores: expected rank 2 or more, found \(scores.rank)") }
    var values = scores.doubles()
    let split = AxisSplit(scores.dims, axis: 1)
    split.forEachLine { start in
      let line = stride(from: start, to: start + split.length * split.inner, by: split.inner)
      let top = line.reduce(-Double.infinity) { max($0, values[$1]) }
      let logarithm = log(line.reduce(0) { $0 + exp(values[$1] - top) })
      for index in line { values[index] -= top + logarithm }
    }
    return [try call.classLoss(values), Tensor(scores.elementType, doubles: values, dims: scores.dims)]
  }
}
