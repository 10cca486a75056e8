import OneiroGraph

/// OneHot, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__OneHot.html
///
/// A new axis of length `depth` that holds `values[1]` at the index and `values[0]` elsewhere; an index outside
/// -depth ..< depth is nowhere.
public enum OneHot: Operator {
  public static let schema = OpSchema(
    "OneHot", since: 11, inputs: [.one("indices", "T1"), .one("depth", "T2"), .one("values", "T3")],
    outputs: [.one("output", "T3")], attributes: [.int("axis", default: -1)],
    types: [
      "T1": ElementTypeSet.numeric.subtracting(ElementTypeSet([.bfloat16])),
      "T2": ElementTypeSet.numeric.subtracting(ElementTypeSet([.bfloat16])), "T3": .beforeFloat8,
    ])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(2)
    guard var shape = try node.shape(0) else { return [.tensor(type, nil)] }
    let axis = try node.axis(node.attributes.int("axis"), rank: shape.count, inclusive: true)
    var depth = Dimension.unknown
    if let known = node.ints(1) {
      guard known.count == 1, known[0] >= 0 else {
        throw node.fails(1, expected: "one number from 0 up", found: "\(known)")
      }
      depth = .known(known[0])
    }
    shape.insert(depth, at: axis)
    return [.tensor(type, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let indices = try call.tensor(0), values = try call.tensor(2)
    let depths = try call.tensor(1).int64s()
    guard depths.count == 1, depths[0] >= 0, values.count == 2 else {
      throw call.fails("expected one depth from 0 up and two values, found \(depths) and \(values.count) values")
    }
    let depth = Int(depths[0])
    let axis = try call.axis(call.attributes.int("axis"), rank: indices.rank + 1)
    var dims = indices.dims
    dims.insert(depth, at: axis)
    let count = try call.elementCount(dims, of: values.elementType)
    guard count > 0 else { return [.empty(values.elementType, dims: dims)] }
    let inner = Shape.count(indices.dims[axis...])
    var source = [Int](repeating: 0, count: count)
    for (position, index) in indices.int64s().enumerated() where index >= -depth && index < depth {
      let hot = Int(index < 0 ? index + Int64(depth) : index)
      source[(position / inner * depth + hot) * inner + position % inner] = 1
    }
    return [values.gathering(source, dims: dims)]
  }
}
