import OneiroGraph

/// Transpose, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Transpose.html
///
/// Axis i of the result is axis `perm[i]` of the data; without `perm`, the order is reversed.
public enum Transpose: Operator {
  public static let schema = OpSchema(
    "Transpose", since: 23, inputs: [.one("data", "T")], outputs: [.one("transposed", "T")],
    attributes: [.ints("perm")],
    types: ["T": .all])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let data = try node.tensor(0)
    guard let shape = data.shape else {
      return [.tensor(data.elementType, node.attributes.ints("perm").map { .unknown(rank: $0.count) })]
    }
    let order = try node.checking("attribute perm", try order(node.attributes, rank: shape.count))
    return [.tensor(data.elementType, order.map { shape[$0] })]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let data = try call.tensor(0)
    let order = try order(call.attributes, rank: data.rank), strides = Shape.strides(data.dims)
    return [data.strided(dims: order.map { data.dims[$0] }, strides: order.map { strides[$0] })]
  }

  private static func order(_ attributes: NodeAttributes, rank: Int) throws(KernelError) -> [Int] {
    guard let perm = attributes.ints("perm") else { return (0..<rank).reversed() }
    guard perm.sorted() == Array(0..<rank) else {
      throw KernelError("expected each of 0 ..< \(rank) once because the rank is \(rank), found \(perm)")
    }
    return perm
  }
}
