import OneiroGraph

/// ConcatFromSequence, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
///
/// The tensors end to end along `axis`, or stacked along a new axis there.
public enum ConcatFromSequence: Operator {
  public static let schema = OpSchema(
    "ConcatFromSequence", since: 11, inputs: [.one("input_sequence", "S")], outputs: [.one("concat_result", "T")],
    attributes: [.required("axis", .int), .int("new_axis", default: 0)], types: ["T": .beforeBFloat16])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    guard let element = try node.sequenceElement(0).tensorType else {
      throw node.fails(0, expected: "a sequence of tensors", found: "\(try node.type(0))")
    }
    guard var shape = element.shape else { return [.tensor(element)] }
    if node.attributes.bool("new_axis") {
      shape.insert(.unknown, at: try node.axis(node.attributes.int("axis"), rank: shape.count, inclusive: true))
    } else {
      shape[try node.axis("axis", rank: shape.count)] = .unknown
    }
    return [.tensor(element.elementType, shape)]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let tensors = try call.sequence(0).values.compactMap(\.tensor), axis = call.attributes.int("axis")
    return [
      .tensor(
        try call.attributes.bool("new_axis")
          ? Tensor.stacking(tensors, axis: axis) : Tensor.concatenating(tensors, axis: axis))
    ]
  }
}
