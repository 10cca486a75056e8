import OneiroGraph

/// CenterCropPad, ai.onnx opset 18: https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
///
/// Each of `axes` cut or filled with zeros to the extent in `shape`, the same on both sides; an odd element goes to the
/// end.
public enum CenterCropPad: Operator {
  public static let schema = OpSchema(
    "CenterCropPad", since: 18, inputs: [.one("input_data", "T"), .one("shape", "Tind")],
    outputs: [.one("output_data", "T")],
    attributes: [.ints("axes")], types: ["T": .beforeFloat8, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard var shape = data.shape else { return [.tensor(data)] }
    let axes = try node.checking(
      "attribute axes", try Shape.axes(node.attributes.ints("axes") ?? Array(shape.indices), rank: shape.count))
    guard let wanted = node.ints(1) else {
      for axis in axes { shape[axis] = .unknown }
      return [.tensor(data.elementType, shape)]
    }
    guard wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 }) else {
      throw node.fails(1, expected: "\(axes.count) extents from 0 up, one for each axis", found: "\(wanted)")
    }
    for (axis, extent) in zip(axes, wanted) { shape[axis] = .known(extent) }
    return [.tensor(data.elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), wanted = try call.requiredInts(1)
    let axes = try Shape.axes(call.attributes.ints("axes") ?? Array(data.dims.indices), rank: data.rank)
    guard wanted.count == axes.count else { throw call.fails("expected \(axes.count) extents, found \(wanted.count)") }
    var dims = data.dims
    for (axis, extent) in zip(axes, wanted) { dims[axis] = extent }
    guard try call.elementCount(dims, of: data.elementType) > 0 else { return [.empty(data.elementType, dims: dims)] }
    let tables = zip(data.dims, dims).map { extent, target in
      let shift = target < extent ? (extent - target) / 2 : -((target - extent) / 2)
      return (0..<target).map { $0 + shift >= 0 && $0 + shift < extent ? $0 + shift : -1 }
    }
    return [data.gathering(tables: tables)]
  }
}
