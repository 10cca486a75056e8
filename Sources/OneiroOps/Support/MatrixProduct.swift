import OneiroGraph

/// A number that matrix products are summed in: Double, or Int64 which wraps.
public protocol MatrixElement: Sendable {
  static var zero: Self { get }
  static func multiplyAdd(_ sum: inout Self, _ a: Self, _ b: Self)
}
extension Double: MatrixElement {
  @inline(__always) public static func multiplyAdd(_ sum: inout Double, _ a: Double, _ b: Double) { sum += a * b }
}
extension Int64: MatrixElement {
  @inline(__always) public static func multiplyAdd(_ sum: inout Int64, _ a: Int64, _ b: Int64) { sum = sum &+ a &* b }
}

/// The shapes of numpy's matmul: the last two axes are matrices, those before them broadcast, and a vector is a matrix
/// of one row on the left or one column on the right whose axis vanishes from the result.
public struct MatrixProduct: Sendable {
  public let rows: Int
  public let depth: Int
  public let columns: Int
  /// The shape of the result.
  public let dims: [Int]
  /// For each matrix of the result, which matrix of the left and the right operand it comes from.
  private let batches: [(left: Int, right: Int)]

  /// - Throws: a sentence that names both shapes when they do not fit.
  public init(_ left: [Int], _ right: [Int]) throws(KernelError) {
    guard !left.isEmpty, !right.isEmpty else { throw KernelError("a scalar has no matrix product") }
    let a = left.count == 1 ? [1] + left : left, b = right.count == 1 ? right + [1] : right
    guard a[a.count - 1] == b[b.count - 2], let stack = Shape.broadcast([a.dropLast(2), b.dropLast(2)]) else {
      throw KernelError("shapes \(Shape.text(left)) and \(Shape.text(right)) have no matrix product")
    }
    rows = a[a.count - 2]
    depth = a[a.count - 1]
    columns = b[b.count - 1]
    dims = stack + (left.count == 1 ? [] : [rows]) + (right.count == 1 ? [] : [columns])
    guard let count = Tensor.elementCount(dims), count < 1 << 43, Tensor.elementCount(stack) != nil else {
      throw KernelError("the output would have shape \(Shape.text(dims)), which is too large")
    }
    // No result, no batches: the stack alone may be long when rows or columns are zero.
    batches =
      count == 0
      ? []
      : zip(
        Shape.broadcastIndices(a.dropLast(2), to: stack), Shape.broadcastIndices(b.dropLast(2), to: stack)
      ).map { (left: $0, right: $1) }
  }

  /// The product, row-major. `left` and `right` are whole tensors of the shapes given to the initializer.
  public func callAsFunction<Element: MatrixElement>(_ left: [Element], _ right: [Element]) -> [Element] {
    let matrix = rows * columns
    var result = [Element](repeating: .zero, count: matrix * batches.count)
    result.withUnsafeMutableBufferPointer { c in
      left.withUnsafeBufferPointer { a in
        right.withUnsafeBufferPointer { b in
          for (index, batch) in batches.enumerated() where depth > 0 {
            Self.accumulate(
              a.baseAddress! + batch.left * rows * depth, b.baseAddress! + batch.right * depth * columns,
              into: c.baseAddress! + index * matrix, rows: rows, depth: depth, columns: columns)
          }
        }
      }
    }
    return result
  }

  /// c[rows, columns] += a[rows, depth] · b[depth, columns], a row of b at a time so that the inner loop is a straight
  /// walk over memory.
  static func accumulate<Element: MatrixElement>(
    _ a: UnsafePointer<Element>, _ b: UnsafePointer<Element>, into c: UnsafeMutablePointer<Element>, rows: Int,
    depth: Int,
    columns: Int
  ) {
    for row in 0..<rows {
      let target = c + row * columns
      for step in 0..<depth {
        let factor = a[row * depth + step], source = b + step * columns
        for column in 0..<columns { Element.multiplyAdd(&target[column], factor, source[column]) }
      }
    }
  }
}

extension InferenceContext {
  /// The shape of the matrix product of inputs `left` and `right`; `nil` when a rank is not known.
  public func matrixProduct(_ left: Int, _ right: Int) throws(GraphError) -> [Dimension]? {
    guard let a = try shape(left), let b = try shape(right) else { return nil }
    for (index, shape) in [(left, a), (right, b)] where shape.isEmpty {
      throw fails(index, expected: "rank 1 or more", found: "a scalar")
    }
    let depth = a[a.count - 1], other = b.count == 1 ? b[0] : b[b.count - 2]
    guard depth.agrees(with: other) else {
      throw fails(
        right, expected: "\(depth) rows", found: TensorType(.float32, b).shapeText,
        because: "the left operand has shape \(TensorType(.float32, a).shapeText)")
    }
    let stack = try broadcast(shapes: [(left, Array(a.dropLast(2))), (right, Array(b.dropLast(2)))])
    return stack + (a.count == 1 ? [] : [a[a.count - 2]]) + (b.count == 1 ? [] : [b[b.count - 1]])
  }
}
