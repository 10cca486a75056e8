import OneiroGraph

/// Hardmax, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Hardmax.html
///
///     output = 1 at the first largest element along `axis`, 0 elsewhere
public enum Hardmax: Operator {
  public static let schema = OpSchema(
    "Hardmax", since: 13, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: -1)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.sameShapeAlongAxis()
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    try call.mapLines { values in
      var best = 0
      for index in values.indices where values[index] > values[best] { best = index }
      for index in values.indices { values[index] = index == best ? 1 : 0 }
    }
  }
}
