import OneiroGraph

/// Shape, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Shape.html
///
/// The extents of the axes [start, end). Named for what it does, since `Shape` is our arithmetic on extents.
public enum ShapeOf: Operator {
  public static let schema = OpSchema(
    "Shape", since: 23, inputs: [.one("data", "T")], outputs: [.one("shape", "T1")],
    attributes: [.int("start", default: 0), .int("end")], types: ["T": .all, "T1": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    guard let shape = try node.shape(0) else { return [.tensor(.int64, [.unknown])] }
    return [.tensor(.int64, dims: [axes(node.attributes, rank: shape.count).count])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try call.tensor(0).dims
    let chosen = dims[axes(call.attributes, rank: dims.count)].map(Int64.init)
    return [Tensor(chosen, dims: [chosen.count])]
  }

  /// Bounds past either end are cut, as a slice in Python does.
  private static func axes(_ attributes: NodeAttributes, rank: Int) -> Range<Int> {
    func bound(_ axis: Int) -> Int { min(max(axis < 0 ? axis + rank : axis, 0), rank) }
    let start = bound(attributes.int("start"))
    return start..<max(start, bound(attributes.optionalInt("end") ?? rank))
  }
}
