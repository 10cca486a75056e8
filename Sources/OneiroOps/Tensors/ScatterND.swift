import OneiroGraph

/// ScatterND, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__ScatterND.html
///
/// A copy of the data in which the elements or slices that the coordinates in `indices` stand for are written.
public enum ScatterND: Operator {
  public static let schema = OpSchema(
    "ScatterND", since: 18, inputs: [.one("data", "T"), .one("indices", "Tind"), .one("updates", "T")],
    outputs: [.one("output", "T")], attributes: [.string("reduction", default: "none")],
    types: ["T": .beforeFloat8, "Tind": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.checking("attribute reduction", try ScatterReduction(node.attributes))
    let data = try node.tensor(0), indices = try node.tensor(1)
    if let rank = data.shape?.count, let width = indices.shape?.last?.extent, width > rank {
      throw node.fails(1, expected: "at most \(rank) coordinates", found: "\(width)")
    }
    return [.tensor(data)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), indices = try call.tensor(1), updates = try call.tensor(2)
    guard let width = indices.dims.last, width <= data.rank else {
      throw call.fails("indices of shape \(Shape.text(indices.dims)) are no coordinates in \(Shape.text(data.dims))")
    }
    let wanted = Array(indices.dims.dropLast() + data.dims[width...])
    guard updates.dims == wanted else {
      throw call.fails("updates: expected shape \(Shape.text(wanted)), found \(Shape.text(updates.dims))")
    }
    let starts = try CoordinateLists.offsets(in: data.dims, indices, batch: 0)
    guard updates.count > 0 else { return [data] }
    let slice = Shape.count(data.dims[width...])
    var targets: [Int] = []
    targets.reserveCapacity(updates.count)
    for start in starts { targets.append(contentsOf: start..<start + slice) }
    return [try ScatterReduction(call.attributes).applied(to: data, updates, at: targets)]
  }
}
