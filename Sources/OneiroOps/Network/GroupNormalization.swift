import OneiroGraph

/// GroupNormalization, ai.onnx opset 21: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
///
///     Y = (X - mean) / sqrt(variance + epsilon) * scale[c] + bias[c]     mean and variance over each group of channels
public enum GroupNormalization: Operator {
  public static let schema = OpSchema(
    "GroupNormalization", since: 21, inputs: [.one("X", "T"), .one("scale", "T"), .one("bias", "T")],
    outputs: [.one("Y", "T")],
    attributes: [.float("epsilon", default: 1e-5), .required("num_groups", .int), .int("stash_type", default: 1)],
    types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.channelled([1, 2]), groups = node.attributes.int("num_groups")
    guard groups >= 1, (x.shape?[1].extent ?? 0) % groups == 0 else {
      throw .mismatch(
        node: node.node, "attribute num_groups", expected: "a divisor of \(x.shape?[1] ?? .unknown) channels",
        found: "\(groups)")
    }
    return [.tensor(x)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), plane = dims[2...].reduce(1, *)
    var values = x.doubles()
    normalizeRows(
      &values, width: dims[1] / call.attributes.int("num_groups") * plane, epsilon: call.attributes.float("epsilon"))
    scaleChannels(&values, scale: try call.tensor(1).doubles(), bias: try call.tensor(2).doubles(), plane: plane)
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }
}
