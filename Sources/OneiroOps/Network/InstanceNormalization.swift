import OneiroGraph

/// InstanceNormalization, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
///
///     output = scale * (input - mean) / sqrt(variance + epsilon) + B
///
/// with mean and variance over each channel of each item.
public enum InstanceNormalization: Operator {
  public static let schema = OpSchema(
    "InstanceNormalization", since: 22, inputs: [.one("input", "T"), .one("scale", "T"), .one("B", "T")],
    outputs: [.one("output", "T")], attributes: [.float("epsilon", default: 1e-5)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(try node.channelled([1, 2]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), plane = dims[2...].reduce(1, *)
    var values = x.doubles()
    normalizeRows(&values, width: plane, epsilon: call.attributes.float("epsilon"))
    scaleChannels(&values, scale: try call.tensor(1).doubles(), bias: try call.tensor(2).doubles(), plane: plane)
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }
}
