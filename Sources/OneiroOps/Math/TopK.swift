import OneiroGraph

/// TopK, ai.onnx opset 24: https://onnx.ai/onnx/operators/onnx__TopK.html
///
/// The K largest (or smallest) elements along `axis` and where they stood. Of equal ones the first comes first; NaN
/// counts as larger than any number. They are sorted whether or not `sorted` asks for it.
public enum TopK: Operator {
  public static let schema = OpSchema(
    "TopK", since: 11, inputs: [.one("X", "T"), .one("K", "K")], outputs: [.one("Values", "T"), .one("Indices", "I")],
    attributes: [.int("axis", default: -1), .int("largest", default: 1), .int("sorted", default: 1)],
    types: ["T": .numeric, "K": .int64, "I": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard var shape = x.shape else { return [.tensor(x.elementType, nil), .tensor(.int64, nil)] }
    let axis = try node.axis("axis", rank: shape.count)
    if let k = node.ints(1) {
      guard k.count == 1, k[0] >= 0, k[0] <= shape[axis].extent ?? .max else {
        throw node.fails(1, expected: "one number from 0 to \(shape[axis])", found: "\(k)")
      }
      shape[axis] = .known(k[0])
    } else {
      shape[axis] = .unknown
    }
    return [.tensor(x.elementType, shape), .tensor(.int64, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    let axis = try call.axis(call.attributes.int("axis"), rank: x.rank)
    guard let k = call.ints(1), k.count == 1, k[0] >= 0, k[0] <= x.dims[axis] else {
      throw call.fails("K: expected one number from 0 to \(x.dims[axis]), found \(call.ints(1) ?? [])")
    }
    let isLargest = call.attributes.bool("largest")
    let chosen: [Int]
    if x.elementType.isFloatingPoint {
      let values = x.doubles()
      chosen = indices(AxisSplit(x.dims, axis: axis), k[0]) { a, b in
        let left = values[a], right = values[b]
        return isLargest ? isAbove(left, right) : isAbove(right, left)
      }
    } else {
      let values = x.orderedInt64s()
      chosen = indices(AxisSplit(x.dims, axis: axis), k[0]) {
        isLargest ? values[$0] > values[$1] : values[$0] < values[$1]
      }
    }
    var dims = x.dims
    dims[axis] = k[0]
    let split = AxisSplit(x.dims, axis: axis)
    let positions = chosen.map { Int64($0 / split.inner % split.length) }
    return [x.gathering(chosen, dims: dims), Tensor(positions, dims: dims)]
  }

  /// Whether `a` comes before `b` in falling order, NaN first.
  private static func isAbove(_ a: Double, _ b: Double) -> Bool { a > b || a.isNaN && !b.isNaN }

  /// For every element of the output the index of the element of the input that it is.
  private static func indices(_ split: AxisSplit, _ k: Int, _ precedes: (Int, Int) -> Bool) -> [Int] {
    guard split.outer > 0, split.inner > 0, k > 0 else { return [] }
    var result = [Int](repeating: 0, count: split.outer * k * split.inner)
    split.forEachLine { start in
      let line = (0..<split.length).map { start + $0 * split.inner }
        .sorted { precedes($0, $1) || !precedes($1, $0) && $0 < $1 }
      let target = start / (split.length * split.inner) * k * split.inner + start % split.inner
      for rank in 0..<k { result[target + rank * split.inner] = line[rank] }
    }
    return result
  }
}
