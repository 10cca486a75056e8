import OneiroGraph

/// Det, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Det.html
///
/// The determinants of a stack of square matrices, [..., M, M] to [...], by elimination with the largest pivot.
public enum Det: Operator {
  public static let schema = OpSchema(
    "Det", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard let shape = x.shape else { return [.tensor(x.elementType, nil)] }
    guard shape.count >= 2, shape[shape.count - 1].agrees(with: shape[shape.count - 2]) else {
      throw node.fails(0, expected: "square matrices", found: x.shapeText)
    }
    return [.tensor(x.elementType, shape.dropLast(2))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0)
    guard x.rank >= 2, let size = x.dims.last, x.dims[x.rank - 2] == size else {
      throw call.fails("expected square matrices, found shape \(Shape.text(x.dims))")
    }
    let dims = Array(x.dims.dropLast(2)), values = x.doubles()
    let count = try call.elementCount(dims, of: x.elementType)
    let determinants = (0..<count).map { determinant(Array(values[$0 * size * size..<($0 + 1) * size * size]), size) }
    return [Tensor(x.elementType, doubles: determinants, dims: dims)]
  }

  private static func determinant(_ matrix: [Double], _ size: Int) -> Double {
    var a = matrix, result = 1.0
    for column in 0..<size {
      var pivot = column
      for row in column..<size where abs(a[row * size + column]) > abs(a[pivot * size + column]) { pivot = row }
      if a[pivot * size + column] == 0 { return 0 }
      if pivot != column {
        for index in 0..<size { a.swapAt(pivot * size + index, column * size + index) }
        result = -result
      }
      result *= a[column * size + column]
      for row in column + 1..<size {
        let factor = a[row * size + column] / a[column * size + column]
        for index in column..<size { a[row * size + index] -= factor * a[column * size + index] }
      }
    }
    return result
  }
}
