import Glibc
import OneiroGraph

/// Gelu, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__Gelu.html
///
///     Y = X/2 * (1 + erf(X / √2))
///     Y = X/2 * (1 + tanh(√(2/π) * (X + 0.044715 X³)))     with approximate = "tanh"
public enum Gelu: Operator {
  public static let schema = OpSchema(
    "Gelu", since: 20, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.string("approximate", default: "none")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    switch call.attributes.string("approximate") {
    case "none": return try call.mapFloats { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    case "tanh":
      let factor = (2 / Double.pi).squareRoot()
      return try call.mapFloats { 0.5 * $0 * (1 + tanh(factor * ($0 + 0.044715 * $0 * $0 * $0))) }
    case let other: throw call.fails("attribute approximate: expected none or tanh, found \(other)")
    }
  }
}
