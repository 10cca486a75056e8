import OneiroGraph

/// Shrink, ai.onnx opset 9: https://onnx.ai/onnx/operators/onnx__Shrink.html
///
///     output = input + bias where input < -lambd, input - bias where input > lambd, 0 between
public enum Shrink: Operator {
  public static let schema = OpSchema(
    "Shrink", since: 9, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.float("bias", default: 0), .float("lambd", default: 0.5)],
    types: ["T": .integers.union(ElementTypeSet([.float16, .float32, .float64]))])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.tensor(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let bias = call.attributes.float("bias"), lambd = call.attributes.float("lambd")
    let x = try call.tensor(0)
    let shrunk = x.doubles().map { $0 < -lambd ? $0 + bias : $0 > lambd ? $0 - bias : 0 }
    return [Tensor(x.elementType, doubles: shrunk, dims: x.dims)]
  }
}
