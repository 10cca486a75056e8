import OneiroGraph

/// Pad, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Pad.html
///
/// `pads` holds what comes before each of `axes`, then what comes after; a negative number cuts off instead.
///
///     a b c padded by 2 on both sides:
///     constant  v v a b c v v      edge  a a a b c c c      reflect  c b a b c b a      wrap  b c a b c a b
public enum Pad: Operator {
  public static let schema = OpSchema(
    "Pad", since: 23,
    inputs: [.one("data", "T"), .one("pads", "Tpads"), .optional("constant_value", "T"), .optional("axes", "Tind")],
    outputs: [.one("output", "T")], attributes: [.string("mode", default: "constant")],
    types: ["T": .all, "Tpads": .int64, "Tind": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    _ = try node.checking("attribute mode", try mode(node.attributes))
    guard var shape = data.shape else { return [.tensor(data)] }
    guard let axes = node.has(3) ? node.ints(3) : Array(shape.indices) else {
      return [.tensor(data.elementType, .unknown(rank: shape.count))]
    }
    let places = try node.checking(node.subject(3), try Shape.axes(axes, rank: shape.count))
    guard let pads = node.ints(1) else {
      for axis in places { shape[axis] = .unknown }
      return [.tensor(data.elementType, shape)]
    }
    guard pads.count == 2 * places.count else {
      throw node.fails(1, expected: "\(2 * places.count) numbers, two for each axis", found: "\(pads.count)")
    }
    for (index, axis) in places.enumerated() {
      let before = pads[index], after = pads[index + places.count]
      if let extent = shape[axis].extent {
        shape[axis] = .known(try node.checking(node.subject(1), try padded(extent, before, after)))
      } else if before != 0 || after != 0 {
        shape[axis] = .unknown
      }
    }
    return [.tensor(data.elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0), pads = try call.requiredInts(1), mode = try mode(call.attributes)
    let axes = try Shape.axes(call.ints(3) ?? Array(data.dims.indices), rank: data.rank)
    guard pads.count == 2 * axes.count else { throw call.fails("expected \(2 * axes.count) pads, found \(pads.count)") }
    var dims = data.dims, before = [Int](repeating: 0, count: data.rank)
    for (index, axis) in axes.enumerated() {
      before[axis] = pads[index]
      dims[axis] = try padded(dims[axis], pads[index], pads[index + axes.count])
    }
    guard try call.elementCount(dims, of: data.elementType) > 0 else { return [.empty(data.elementType, dims: dims)] }
    let fill = call.optionalTensor(2)
    if let fill {
      guard fill.count == 1, fill.elementType == data.elementType else {
        throw call.fails("constant_value: expected one \(data.elementType.name), found \(Value.tensor(fill).type)")
      }
    }
    var tables: [[Int]] = []
    for axis in dims.indices {
      guard data.dims[axis] > 0 || mode == .constant else {
        throw call.fails("axis \(axis) has no elements to pad from")
      }
      tables.append((0..<dims[axis]).map { mode.source($0 - before[axis], extent: data.dims[axis]) })
    }
    return [data.gathering(tables: tables, fill: fill)]
  }

  private static func padded(_ extent: Int, _ before: Int, _ after: Int) throws(KernelError) -> Int {
    guard let sum = Shape.sum([extent, before, after]), sum >= 0 else {
      throw KernelError("an extent of \(extent) cannot be padded by \(before) and \(after)")
    }
    return sum
  }

  private static func mode(_ attributes: NodeAttributes) throws(KernelError) -> Mode {
    let name = attributes.string("mode")
    guard let mode = Mode(rawValue: name) else {
      throw KernelError("mode: expected constant, reflect, edge or wrap, found \"\(name)\"")
    }
    return mode
  }

  enum Mode: String {
    case constant, reflect, edge, wrap

    /// The element that stands at `position`, which may lie outside 0 ..< extent; -1 for the constant.
    func source(_ position: Int, extent: Int) -> Int {
      func modulo(_ divisor: Int) -> Int {
        let rest = position % divisor
        return rest < 0 ? rest + divisor : rest
      }
      switch self {
      case .constant: return position >= 0 && position < extent ? position : -1
      case .edge: return min(max(position, 0), extent - 1)
      case .wrap: return modulo(extent)
      case .reflect:
        if extent == 1 { return 0 }
        let phase = modulo(2 * (extent - 1))
        return phase < extent ? phase : 2 * (extent - 1) - phase
      }
    }
  }
}
