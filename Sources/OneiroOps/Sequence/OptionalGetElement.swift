import OneiroGraph

/// OptionalGetElement, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html
///
/// The value that an optional holds; a tensor or a sequence is itself.
public enum OptionalGetElement: Operator {
  public static let schema = OpSchema(
    "OptionalGetElement", since: 18, inputs: [.one("input", "O")], outputs: [.one("output", "V")])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.type(0)
    if case .optional(let element) = type { return [element] }
    return [type]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let value = try call.value(0)
    guard case .optional(let element, _) = value else { return [value] }
    guard let element else { throw call.fails("the optional is empty") }
    return [element]
  }
}
