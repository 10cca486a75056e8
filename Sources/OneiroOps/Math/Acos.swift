import Glibc
import OneiroGraph

/// Acos, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Acos.html
///
///     output = acos(input)     NaN outside -1 ... 1
public enum Acos: Operator {
  public static let schema = OpSchema(
    "Acos", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapFloats { acos($0) }
  }
}
