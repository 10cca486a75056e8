import OneiroGraph

/// Unsqueeze, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
///
/// With new axes of extent 1 at the places `axes` of the result.
public enum Unsqueeze: Operator {
  public static let schema = OpSchema(
    "Unsqueeze", since: 23, inputs: [.one("data", "T"), .one("axes", "Taxes")], outputs: [.one("expanded", "T")],
    types: ["T": .all, "Taxes": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard let shape = data.shape else { return [.tensor(data)] }
    guard let axes = node.ints(1) else {
      return [.tensor(data.elementType, try node.shape(1)?.first?.extent.map { .unknown(rank: shape.count + $0) })]
    }
    return [.tensor(data.elementType, try node.checking(node.subject(1), try widened(shape, axes, one: .known(1))))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0)
    return [data.reshaped(try widened(data.dims, try call.requiredInts(1), one: 1))]
  }

  private static func widened<Extent>(_ shape: [Extent], _ axes: [Int], one: Extent) throws(KernelError) -> [Extent] {
    let rank = shape.count + axes.count
    let places = try Shape.axes(axes, rank: rank)
    var rest = shape.makeIterator()
    return (0..<rank).map { places.contains($0) ? one : rest.next() ?? one }
  }
}
