import OneiroGraph

/// NonZero, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__NonZero.html
///
/// The coordinates of all elements that are not zero, [rank, count]: one column for each, in row-major order.
public enum NonZero: Operator {
  public static let schema = OpSchema(
    "NonZero", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "Tindex")],
    types: ["T": .beforeFloat8, "Tindex": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.int64, [try node.shape(0).map { .known($0.count) } ?? .unknown, .unknown])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), strides = Shape.strides(x.dims)
    let found = x.nonZeros().enumerated().filter(\.element).map(\.offset)
    let coordinates = x.dims.indices.flatMap { axis in found.map { Int64($0 / strides[axis] % x.dims[axis]) } }
    return [Tensor(coordinates, dims: [x.rank, found.count])]
  }
}
