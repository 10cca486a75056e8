import OneiroGraph

/// Gradient, ai.onnx.preview.training opset 1:
/// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Gradient.html
///
///     dY/dX of the sum of y with respect to each of `xs`, where the inputs stand for the values `xs` and then `zs`
///
/// `xs`, `zs` and `y` name values of the graph around the node. The operator has no kernel: loading replaces it by the
/// nodes that compute the derivatives.
public enum Gradient: Operator {
  public static let schema = OpSchema(
    "Gradient", domain: TrainingStep.domain, since: 1,
    inputs: [.variadic("Inputs", "T1", atLeast: 1, sameType: false)],
    outputs: [.variadic("Outputs", "T2", atLeast: 1, sameType: false)],
    attributes: [.required("xs", .strings), .required("y", .string), .optional("zs", .strings)],
    types: ["T1": .all, "T2": ElementTypeSet([.float16, .float32, .float64])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let xs = node.attributes.strings("xs") ?? [], zs = node.attributes.strings("zs") ?? []
    guard xs.count + zs.count == node.node.inputs.count else {
      throw .mismatch(
        node: node.node, "inputs", expected: "\(xs.count + zs.count), one for each name in xs and zs",
        found: "\(node.node.inputs.count)")
    }
    guard node.node.outputs.count <= xs.count else {
      throw .mismatch(
        node: node.node, "outputs", expected: "at most \(xs.count), one for each name in xs",
        found: "\(node.node.outputs.count)")
    }
    var types: [ValueType] = []
    for index in xs.indices {
      let type = try node.tensor(index)
      guard [.float16, .float32, .float64].contains(type.elementType) else {
        throw node.fails(index, expected: "float16, float or double", found: type.elementType.name)
      }
      types.append(.tensor(type))
    }
    return types
  }
}
