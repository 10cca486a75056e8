import OneiroGraph

/// RMSNormalization, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
///
///     Y = X / sqrt(mean(X * X) + epsilon) * scale     over the axes [axis, rank)
public enum RMSNormalization: Operator {
  public static let schema = OpSchema(
    "RMSNormalization", since: 23, inputs: [.one("X", "T"), .one("scale", "V")], outputs: [.one("Y", "V")],
    attributes: [.int("axis", default: -1), .float("epsilon", default: 1e-5), .int("stash_type", default: 1)],
    types: ["T": .floats, "V": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let shape = try node.shape(0)
    if let shape { _ = try node.axis("axis", rank: shape.count) }
    return [.tensor(try node.elementType(1), shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), scale = try call.tensor(1)
    let normalized = Array(dims[try call.axis(call.attributes.int("axis"), rank: x.rank)...])
    guard Shape.broadcast([scale.dims, normalized]) == normalized else {
      throw call.fails(
        "scale \(Shape.text(scale.dims)) does not broadcast to the normalized axes \(Shape.text(normalized))")
    }
    let factors = scale.broadcast(to: normalized).doubles(), width = factors.count
    let epsilon = call.attributes.float("epsilon")
    var values = x.doubles()
    for start in stride(from: 0, to: values.count, by: max(width, 1)) {
      let squares = values[start..<start + width].reduce(0) { $0 + $1 * $1 }
      let inverse = 1 / (squares / Double(width) + epsilon).squareRoot()
      for index in 0..<width { values[start + index] *= inverse * factors[index] }
    }
    return [Tensor(scale.elementType, doubles: values, dims: dims)]
  }
}
