import OneiroGraph

/// OptionalHasElement, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html
///
/// Whether there is a value: of a tensor or a sequence there always is, of an input left out there is none.
public enum OptionalHasElement: Operator {
  public static let schema = OpSchema(
    "OptionalHasElement", since: 18, inputs: [.optional("input", "O")], outputs: [.one("output", "B")],
    types: ["B": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(.bool, dims: [])] }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    if case .optional(nil, _)? = call.inputs.first ?? nil { return [.tensor(Tensor(scalar: false))] }
    return [.tensor(Tensor(scalar: call.has(0)))]
  }
}
