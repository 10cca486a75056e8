import OneiroGraph

/// Gemm, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Gemm.html
///
///     Y = alpha · A' · B' + beta · C     A' [M, K], B' [K, N]; C broadcasts to [M, N]
///
/// A' is A, or its transpose with `transA`; B' likewise.
public enum Gemm: Operator {
  public static let schema = OpSchema(
    "Gemm", since: 13, inputs: [.one("A", "T"), .one("B", "T"), .optional("C", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .float("alpha", default: 1), .float("beta", default: 1), .int("transA", default: 0), .int("transB", default: 0),
    ], types: ["T": .products])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    let a = try matrix(0, transposed: "transA", node), b = try matrix(1, transposed: "transB", node)
    guard a[1].agrees(with: b[0]) else {
      throw node.fails(1, expected: "depth \(a[1])", found: "\(b[0])", because: "the first operand has that depth")
    }
    let dims = [a[0], b[1]]
    if node.has(2), let c = try node.shape(2) {
      let padded = [Dimension](repeating: .known(1), count: max(0, 2 - c.count)) + c
      guard padded.count == 2, zip(padded, dims).allSatisfy({ $0 == .known(1) || $0.agrees(with: $1) }) else {
        throw node.fails(
          2, expected: "a shape that broadcasts to \(TensorType(type, dims).shapeText)",
          found: TensorType(type, c).shapeText)
      }
    }
    return [.tensor(type, dims)]
  }

  /// The shape of an operand as it is multiplied.
  private static func matrix(
    _ index: Int, transposed: String, _ node: InferenceContext
  ) throws(GraphError) -> [Dimension] {
    guard let shape = try node.shape(index) else { return [.unknown, .unknown] }
    guard shape.count == 2 else { throw node.fails(index, expected: "rank 2", found: "rank \(shape.count)") }
    return node.attributes.bool(transposed) ? shape.reversed() : shape
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let a = try operand(0, transposed: "transA", call), b = try operand(1, transposed: "transB", call)
    let product = try MatrixProduct(a.dims, b.dims)
    let c = call.optionalTensor(2)
    if let c, Shape.broadcast([c.dims, product.dims]) != product.dims {
      throw call.fails("C has shape \(Shape.text(c.dims)), which does not broadcast to \(Shape.text(product.dims))")
    }
    let alpha = call.attributes.float("alpha"), beta = call.attributes.float("beta")
    let bias = c?.broadcast(to: product.dims)
    // Whole factors leave integers exact; with any other the result is computed in floating point and truncated.
    if a.elementType.isInteger, let alpha = Int64(exactly: alpha), let beta = Int64(exactly: beta) {
      var y = product(a.int64s(), b.int64s()).map { $0 &* alpha }
      if let bias = bias?.int64s() { for index in y.indices { y[index] = y[index] &+ beta &* bias[index] } }
      return [Tensor(a.elementType, int64s: y, dims: product.dims)]
    }
    var y = product(a.doubles(), b.doubles()).map { $0 * alpha }
    if let bias = bias?.doubles() { for index in y.indices { y[index] += beta * bias[index] } }
    return [Tensor(a.elementType, doubles: y, dims: product.dims)]
  }

  private static func operand(_ index: Int, transposed: String, _ call: KernelCall) throws(KernelError) -> Tensor {
    let tensor = try call.tensor(index)
    guard tensor.rank == 2 else { throw call.fails("input \(index): expected rank 2, found \(tensor.rank)") }
    guard call.attributes.bool(transposed) else { return tensor }
    let rows = tensor.dims[0], columns = tensor.dims[1]
    let indices = (0..<tensor.count).map { $0 % rows * columns + $0 / rows }
    return tensor.gathering(indices, dims: [columns, rows])
  }
}
