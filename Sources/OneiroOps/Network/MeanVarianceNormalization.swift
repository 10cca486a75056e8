import OneiroGraph

/// MeanVarianceNormalization, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
///
///     Y = (X - mean(X)) / (deviation(X) + 1e-9)     over `axes`
public enum MeanVarianceNormalization: Operator {
  public static let schema = OpSchema(
    "MeanVarianceNormalization", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [.ints("axes", default: [0, 2, 3])], types: ["T": .floats])

  /// Keeps constant input finite; the standard's number.
  private static let smallest = 1e-9

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    if let shape = x.shape {
      for axis in node.attributes.ints("axes") ?? [] { _ = try node.axis(axis, rank: shape.count, "attribute axes") }
    }
    return [.tensor(x)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0)
    var reduced = dims
    for axis in call.attributes.ints("axes") ?? [] { reduced[try call.axis(axis, rank: x.rank)] = 1 }
    // For each element, the statistic that it belongs to.
    let owner = Shape.broadcastIndices(reduced, to: dims), statistics = reduced.reduce(1, *)
    let count = Double(owner.count) / Double(max(statistics, 1))
    var values = x.doubles()
    var means = [Double](repeating: 0, count: statistics), squares = means
    for (index, group) in owner.enumerated() { means[group] += values[index] / count }
    for (index, group) in owner.enumerated() {
      values[index] -= means[group]
      squares[group] += values[index] * values[index] / count
    }
    for (index, group) in owner.enumerated() { values[index] /= squares[group].squareRoot() + smallest }
    return [Tensor(x.elementType, doubles: values, dims: dims)]
  }
}
