import OneiroGraph

/// Unique, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__Unique.html
///
/// Every different element once, or every different slice along `axis`: sorted, or in the order of first appearance.
/// Then where each first stands, which of them stands at each place of X, and how often it does.
public enum Unique: Operator {
  public static let schema = OpSchema(
    "Unique", since: 11, inputs: [.one("X", "T")],
    outputs: [
      .one("Y", "T"), .optional("indices", "Tindex"), .optional("inverse_indices", "Tindex"),
      .optional("counts", "Tindex"),
    ],
    attributes: [.int("axis"), .int("sorted", default: 1)], types: ["T": .beforeFloat8, "Tindex": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    let list = ValueType.tensor(.int64, [.unknown])
    guard let given = node.attributes.optionalInt("axis") else {
      let places = x.shape.map { Dimension.product($0) } ?? .unknown
      return [.tensor(x.elementType, [.unknown]), list, .tensor(.int64, [places]), list]
    }
    guard var shape = x.shape else { return [.tensor(x.elementType, nil), list, list, list] }
    let axis = try node.axis(given, rank: shape.count)
    let places = shape[axis]
    shape[axis] = .unknown
    return [.tensor(x.elementType, shape), list, .tensor(.int64, [places]), list]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let given = try call.tensor(0)
    let x = call.attributes.has("axis") ? given : given.reshaped([given.count])
    let axis = try call.axis(call.attributes.optionalInt("axis") ?? 0, rank: x.rank)
    guard x.count > 0 || x.dims[axis] == 0 else {
      throw call.fails("slices of \(Shape.text(x.dims)) along axis \(axis) have no elements to compare")
    }
    // An empty tensor can have any extent, but the list of its slices has to fit into memory.
    let extent = try call.elementCount([x.dims[axis]], of: .complex128), inner = Shape.count(x.dims[(axis + 1)...])
    let outer = x.count == 0 ? 0 : Shape.count(x.dims[..<axis])
    let (keys, perElement) = x.orderKeys()
    let run = inner &* perElement
    /// Below 0, 0 or above 0 as slice a comes before b, equals it, or comes after.
    func compare(_ a: Int, _ b: Int) -> Int {
      for block in 0..<outer {
        let first = (block * extent + a) * run, second = (block * extent + b) * run
        for place in 0..<run where keys[first + place] != keys[second + place] {
          return keys[first + place] < keys[second + place] ? -1 : 1
        }
      }
      return 0
    }
    let order = (0..<extent).sorted { a, b in
      let comparison = compare(a, b)
      return comparison != 0 ? comparison < 0 : a < b
    }
    var groups: [[Int]] = []
    for slice in order {
      if let last = groups.last, compare(last[0], slice) == 0 {
        groups[groups.count - 1].append(slice)
      } else {
        groups.append([slice])
      }
    }
    if !call.attributes.bool("sorted") { groups.sort { $0[0] < $1[0] } }
    var inverse = [Int64](repeating: 0, count: extent)
    for (number, group) in groups.enumerated() {
      for slice in group { inverse[slice] = Int64(number) }
    }
    func chosen() -> Tensor {
      var tables = x.dims.map { Array(0..<$0) }
      tables[axis] = groups.map { $0[0] }
      return x.gathering(tables: tables)
    }
    return [
      x.count == 0 ? x : chosen(), Tensor(groups.map { Int64($0[0]) }, dims: [groups.count]),
      Tensor(inverse, dims: [extent]),
      Tensor(groups.map { Int64($0.count) }, dims: [groups.count]),
    ]
  }
}
