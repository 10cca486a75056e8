import OneiroGraph

/// LpNormalization, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__LpNormalization.html
///
/// Divides by the 1- or 2-norm along `axis`; a line of zeros stays zero.
public enum LpNormalization: Operator {
  public static let schema = OpSchema(
    "LpNormalization", since: 22, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: -1), .int("p", default: 2)], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), p = node.attributes.int("p")
    guard p == 1 || p == 2 else { throw node.fails("attribute p", "expected 1 or 2, found \(p)") }
    if let shape = x.shape { _ = try node.axis("axis", rank: shape.count) }
    return [.tensor(x)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), p = call.attributes.int("p")
    let axis = try call.axis(call.attributes.int("axis"), rank: x.rank)
    var values = x.doubles()
    let step = dims[(axis + 1)...].reduce(1, *), count = dims[axis]
    for line in 0..<(count == 0 ? 0 : values.count / count) {
      let start = line / step * count * step + line % step
      let elements = stride(from: start, to: start + count * step, by: step)
      let norm = lpNorm(elements.map { values[$0] }, p: p)
      for index in elements { values[index] = norm == 0 ? 0 : values[index] / norm }
    }
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }
}
