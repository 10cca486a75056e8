import Glibc
import OneiroGraph

/// Log, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Log.html
///
///     output = ln(input)     -inf at zero, NaN below
public enum Log: Operator {
  public static let schema = OpSchema(
    "Log", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { log($0) }
  }
}
