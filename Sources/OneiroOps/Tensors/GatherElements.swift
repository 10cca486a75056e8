import OneiroGraph

/// GatherElements, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__GatherElements.html
///
///     output[i, j, k] = data[i, indices[i, j, k], k]     for axis 1
public enum GatherElements: Operator {
  public static let schema = OpSchema(
    "GatherElements", since: 13, inputs: [.one("data", "T"), .one("indices", "Tind")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: 0)], types: ["T": .beforeFloat8, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0), indices = try node.tensor(1)
    if let shape = data.shape {
      _ = try node.axis("axis", rank: shape.count)
      guard indices.shape == nil || indices.shape?.count == shape.count else {
        throw node.fails(1, expected: "a tensor of rank \(shape.count), as the data", found: indices.shapeText)
      }
    }
    return [.tensor(data.elementType, indices.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), indices = try call.tensor(1)
    let axis = try call.axis(call.attributes.int("axis"), rank: data.rank)
    return [data.gathering(try ElementPlaces.offsets(in: data, indices, axis: axis), dims: indices.dims)]
  }
}

/// The meaning of indices in GatherElements and ScatterElements.
enum ElementPlaces {
  /// For each element of `indices`, the element of `data` it stands for: its own position, but along `axis` its value.
  static func offsets(in data: Tensor, _ indices: Tensor, axis: Int) throws(KernelError) -> [Int] {
    guard indices.rank == data.rank,
      indices.dims.indices.allSatisfy({ $0 == axis || indices.dims[$0] <= data.dims[$0] }) || indices.count == 0
    else {
      throw KernelError("indices of shape \(Shape.text(indices.dims)) do not fit into \(Shape.text(data.dims))")
    }
    var offsets = try Shape.positions(indices.int64s().map(Int.init), extent: data.dims[axis])
    guard data.count > 0 else { return offsets }
    var strides = Shape.strides(data.dims)
    let stride = strides[axis]
    strides[axis] = 0
    Shape.walk(indices.dims, strides) { offsets[$0] = offsets[$0] * stride + $1 }
    return offsets
  }
}
