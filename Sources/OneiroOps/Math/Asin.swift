import Glibc
import OneiroGraph

/// Asin, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Asin.html
///
///     output = asin(input)     NaN outside -1 ... 1
public enum Asin: Operator {
  public static let schema = OpSchema(
    "Asin", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { asin($0) }
  }
}
