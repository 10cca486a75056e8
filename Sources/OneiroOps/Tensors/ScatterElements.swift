import OneiroGraph

/// ScatterElements, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ScatterElements.html
///
///     output = data;  output[i, indices[i, j, k], k] = updates[i, j, k]     for axis 1
///
/// With a reduction, updates are combined with what stands there already.
public enum ScatterElements: Operator {
  public static let schema = OpSchema(
    "ScatterElements", since: 18, inputs: [.one("data", "T"), .one("indices", "Tind"), .one("updates", "T")],
    outputs: [.one("output", "T")], attributes: [.int("axis", default: 0), .string("reduction", default: "none")],
    types: ["T": .beforeFloat8, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    _ = try node.checking("attribute reduction", try ScatterReduction(node.attributes))
    if let shape = data.shape { _ = try node.axis("axis", rank: shape.count) }
    return [.tensor(data)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), indices = try call.tensor(1), updates = try call.tensor(2)
    let axis = try call.axis(call.attributes.int("axis"), rank: data.rank)
    guard updates.dims == indices.dims else {
      throw call.fails(
        "updates: expected shape \(Shape.text(indices.dims)), that of the indices, found \(Shape.text(updates.dims))")
    }
    let targets = try ElementPlaces.offsets(in: data, indices, axis: axis)
    return [try ScatterReduction(call.attributes).applied(to: data, updates, at: targets)]
  }
}
