import OneiroGraph

/// Where the elements of a value come from: an earlier value, and how they lie in it.
struct ValueOrigin {
  /// The value whose memory holds the elements.
  var source: String
  var layout: AxisLayout
  /// What the elements were multiplied by on the way.
  var factor = 1.0
  /// The nodes on the way, from the value back to the source.
  var nodes: [Node] = []

  /// Chains in exported models have some five nodes.
  private static let depthLimit = 24

  /// The value itself; `nil` when it is empty or its shape is not known.
  init?(itself value: String, in graph: GraphIndex) {
    guard let dims = graph.dims(value), !dims.contains(0) else { return nil }
    source = value
    layout = AxisLayout(contiguous: dims)
  }

  /// The value itself, and every value before it that it is only moved about from in memory, and multiplied by
  /// constants where `throughFactors` says so. The farthest one comes first.
  static func all(of value: String, in graph: GraphIndex, throughFactors: Bool) -> [ValueOrigin] {
    var result: [ValueOrigin] = []
    for depth in 0...depthLimit {
      guard let origin = trace(value, in: graph, throughFactors: throughFactors, depth: depth),
        origin.nodes.count == depth
      else { break }
      result.insert(origin, at: 0)
    }
    return result
  }

  private static func trace(
    _ value: String, in graph: GraphIndex, throughFactors: Bool, depth: Int
  ) -> ValueOrigin? {
    guard depth > 0, let node = graph.producer(of: value), node.domain.isEmpty, let input = node.inputs.first,
      let dims = graph.dims(value), !dims.contains(0)
    else { return ValueOrigin(itself: value, in: graph) }
    func before(_ name: String) -> ValueOrigin? {
      trace(name, in: graph, throughFactors: throughFactors, depth: depth - 1)
    }
    func moved(_ change: (AxisLayout) -> AxisLayout?) -> ValueOrigin? {
      guard var origin = before(input), let layout = change(origin.layout), layout.dims == dims else { return nil }
      origin.layout = layout
      origin.nodes.insert(node, at: 0)
      return origin
    }
    let found: ValueOrigin?
    switch node.opType {
    case "Transpose":
      found = moved { $0.transposed(node.permutation(rank: dims.count)) }
    case "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity": found = moved { $0.reshaped(dims) }
    case "Gather":
      guard node.inputs.count == 2, let index = graph.scalar(node.inputs[1]), abs(index) < 1e15,
        let all = graph.dims(input),
        let axis = node.axis("axis", default: 0, rank: all.count)
      else { return ValueOrigin(itself: value, in: graph) }
      found = moved {
        $0.sliced(axis: axis, start: Int(index) + (index < 0 ? all[axis] : 0), count: 1)?.reshaped(dims)
      }
    case "Split":
      guard let all = graph.dims(input), let axis = node.axis("axis", default: 0, rank: all.count),
        let position = node.outputs.firstIndex(of: value)
      else { return ValueOrigin(itself: value, in: graph) }
      let before = node.outputs.prefix(position).map { graph.dims($0)?[axis] }, widths = before.compactMap(\.self)
      guard widths.count == before.count else { return ValueOrigin(itself: value, in: graph) }
      found = moved { $0.sliced(axis: axis, start: widths.reduce(0, +), count: dims[axis]) }
    case "Slice":
      guard let slice = contiguousSlice(node, graph, count: dims) else { return ValueOrigin(itself: value, in: graph) }
      found = moved { $0.sliced(axis: slice.axis, start: slice.start, count: dims[slice.axis]) }
    case "Mul" where throughFactors, "Div" where throughFactors:
      guard let (x, factor) = graph.scaling(node), var origin = before(x) else {
        return ValueOrigin(itself: value, in: graph)
      }
      origin.factor *= factor
      origin.nodes.insert(node, at: 0)
      found = origin
    default: found = nil
    }
    return found ?? ValueOrigin(itself: value, in: graph)
  }

  /// The one axis that a Slice of step 1 cuts, and where it begins; `nil` for other Slices.
  static func contiguousSlice(
    _ node: Node, _ graph: GraphIndex, count dims: [Int]
  ) -> (axis: Int, start: Int)? {
    guard node.inputs.count >= 3, let all = graph.dims(node.inputs[0]), all.count == dims.count,
      let first = graph.scalar(node.inputs[1]), abs(first) < 1e15
    else { return nil }
    if node.inputs.count > 4, !node.inputs[4].isEmpty, graph.scalar(node.inputs[4]) != 1 { return nil }
    var axis = 0
    if node.inputs.count > 3, !node.inputs[3].isEmpty {
      guard let given = graph.scalar(node.inputs[3]), abs(given) <= Double(all.count) else { return nil }
      axis = Int(given) + (given < 0 ? all.count : 0)
    }
    guard all.indices.contains(axis) else { return nil }
    let start = Int(first) + (first < 0 ? all[axis] : 0)
    return (axis, min(max(start, 0), all[axis]))
  }
}

extension Node {
  /// The order that a Transpose brings its axes into.
  func permutation(rank: Int) -> [Int] {
    if case .ints(let order) = attributes["perm"] { order.map(Int.init) } else { (0..<rank).reversed() }
  }

  /// An axis among the attributes, counted from the front; `nil` when it is out of range.
  func axis(_ name: String, default fallback: Int, rank: Int) -> Int? {
    var axis = fallback
    if case .int(let value) = attributes[name] { axis = Int(value) }
    return axis >= -rank && axis < rank ? (axis + rank) % rank : nil
  }
}

extension GraphIndex {
  /// For a product or a quotient with a constant number that leaves the shape as it is: what is scaled, and by how
  /// much.
  func scaling(_ node: Node) -> (value: String, factor: Double)? {
    var found: (value: String, factor: Double)?
    switch node.op {
    case OpIdentifier("Mul"): found = withScalar(node).map { ($0.value, $0.scalar) }
    case OpIdentifier("Div"): found = scalar(node.inputs[1]).map { (node.inputs[0], 1 / $0) }
    default: break
    }
    guard let found, found.factor.isFinite, found.factor != 0, let type = types[found.value],
      type == types[node.outputs[0]]
    else { return nil }
    return found
  }
}
