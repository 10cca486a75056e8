import OneiroGraph

/// Squeeze, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Squeeze.html
///
/// Without the axes of extent 1 that `axes` names, or without any when it is left out.
public enum Squeeze: Operator {
  public static let schema = OpSchema(
    "Squeeze", since: 23, inputs: [.one("data", "T"), .optional("axes", "Taxes")], outputs: [.one("squeezed", "T")],
    types: ["T": .all, "Taxes": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard let shape = data.shape else { return [.tensor(data)] }
    if !node.has(1) {
      // An axis of unknown extent may or may not stay: then not even the rank is known.
      guard shape.allSatisfy({ $0.extent != nil }) else { return [.tensor(data.elementType, nil)] }
      return [.tensor(data.elementType, shape.filter { $0 != .known(1) })]
    }
    guard let axes = node.ints(1) else {
      let gone = try node.length(1)
      return [.tensor(data.elementType, gone.flatMap { $0 <= shape.count ? .unknown(rank: shape.count - $0) : nil })]
    }
    let places = try node.checking(node.subject(1), try Shape.axes(axes, rank: shape.count))
    for axis in places where !shape[axis].agrees(with: .known(1)) {
      throw node.fails(0, expected: "an extent of 1 at axis \(axis)", found: data.shapeText)
    }
    return [.tensor(data.elementType, shape.indices.filter { !places.contains($0) }.map { shape[$0] })]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0)
    guard call.has(1) else { return [data.reshaped(data.dims.filter { $0 != 1 })] }
    let axes = try Shape.axes(try call.requiredInts(1), rank: data.rank)
    for axis in axes where data.dims[axis] != 1 {
      throw call.fails("axis \(axis): expected an extent of 1, found \(data.dims[axis])")
    }
    return [data.reshaped(data.dims.indices.filter { !axes.contains($0) }.map { data.dims[$0] })]
  }
}
