/// The operands of a product of matrices of bytes: A [M, K] and B [K, N], or with transB [N, K].
struct QuantizedMatrices {
  let rows, depth, columns: Int
  /// Of B, as [K, N].
  let strides: [Int]

  init(_ node: Node) throws(KernelError) {
    let left = try node.inputDims(0)
    var right = try node.inputDims(QuantizedOperands.weights)
    guard left.count == 2, right.count == 2 else { throw .unsupported("A and B have shapes \(left) and \(right)") }
    let isTransposed = node.int("transB", default: 0) != 0
    strides = isTransposed ? [1, right[1]] : [right[1], 1]
    if isTransposed { right.reverse() }
    guard left[1] == right[0] else { throw .unsupported("inner axes differ: \(left[1]) and \(right[0])") }
    (rows, depth, columns) = (left[0], left[1], right[1])
  }

  var left: [Int] { [rows, depth] }
  var right: [Int] { [depth, columns] }
  var result: [Int] { [rows, columns] }

  /// Of integers, for as many columns.
  var operations: Double { 2 * Double(rows) * Double(depth) * Double(columns) }
}
