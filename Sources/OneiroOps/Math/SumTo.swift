import OneiroGraph

/// SumTo, ai.oneiro opset 1: the derivative of broadcasting.
///
///     Y = X summed over the axes along which `like` would have to be repeated, so that Y has the shape of `like`
public enum SumTo: Operator {
  public static let schema = OpSchema(
    "SumTo", domain: Model.oneiroDomain, since: 1, inputs: [.one("X", "T"), .one("like", "L")],
    outputs: [.one("Y", "T")], types: ["T": .floats, "L": .all])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), like = try node.tensor(1)
    if let dims = like.dims, let from = x.dims, Shape.broadcast([dims, from]) != from {
      throw node.fails(
        1, expected: "a shape that broadcasts to \(x.shapeText)", found: like.shapeText)
    }
    return [.tensor(x.elementType, like.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), elements = x.doubles()
    var sums = [Double](repeating: 0, count: try call.elementCount(dims, of: .float64))
    Shape.walk(x.dims, Shape.broadcastStrides(dims, to: x.dims)) { sums[$1] += elements[$0] }
    return [Tensor(x.elementType, doubles: sums, dims: dims)]
  }

  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? {
    guard let from = try node.tensor(0).dims, let to = try node.tensor(1).dims, from.count >= to.count else {
      return nil
    }
    let missing = from.count - to.count
    let axes = from.indices.filter { $0 < missing || to[$0 - missing] != from[$0] }
    var body = FusedBody(node, schema, inputs: ["X", "like"], output: try infer(node)[0])
    if axes.isEmpty {
      body.add("Identity", ["X"], "Y")
      return body.graph
    }
    func ints(_ values: [Int]) -> [String: Attribute] {
      ["value": .tensor(Tensor(values.map(Int64.init), dims: [values.count]))]
    }
    body.add("Constant", [], "axes", ints(axes))
    body.add("ReduceSum", ["X", "axes"], "sums", ["keepdims": .int(0)])
    body.add("Constant", [], "shape", ints(to))
    body.add("Reshape", ["sums", "shape"], "Y", ["allowzero": .int(1)])
    return body.graph
  }
}
