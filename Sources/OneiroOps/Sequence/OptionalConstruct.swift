import OneiroGraph

/// Optional, ai.onnx opset 15: https://onnx.ai/onnx/operators/onnx__Optional.html
///
/// An optional that holds the input, or an empty one of the type that the attribute says. Not named `Optional`, which
/// is Swift's own.
public enum OptionalConstruct: Operator {
  public static let schema = OpSchema(
    "Optional", since: 15, inputs: [.optional("input", "V")], outputs: [.one("output", "O")],
    attributes: [.optional("type", .type)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.optional(node.has(0) ? try node.type(0) : try node.checking("attribute type", try emptyType(node.attributes)))]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    guard call.has(0) else { return [.optional(nil, of: try emptyType(call.attributes))] }
    let value = try call.value(0)
    return [.optional(value, of: value.type)]
  }

  private static func emptyType(_ attributes: NodeAttributes) throws(KernelError) -> ValueType {
    guard case .type(let type) = attributes["type"] else { throw KernelError("type: needed where no input is given") }
    return type
  }
}
