/// Small systems of linear equations.
public enum LinearSystem {
  /// X of A X = B by Gauss's elimination with the largest pivot of a column; `nil` when A has no inverse.
  /// - right: a row of B for each row of A.
  public static func solve(_ matrix: [[Double]], _ right: [[Double]]) -> [[Double]]? {
    precondition(matrix.count == right.count)
    var rows = zip(matrix, right).map { $0 + $1 }
    let count = rows.count
    for column in 0..<count {
      guard let pivot = (column..<count).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
        rows[pivot][column] != 0, rows[pivot][column].isFinite
      else { return nil }
      rows.swapAt(column, pivot)
      for row in 0..<count where row != column {
        let factor = rows[row][column] / rows[column][column]
        guard factor != 0 else { continue }
        for index in column..<rows[row].count { rows[row][index] -= factor * rows[column][index] }
      }
    }
    return (0..<count).map { row in rows[row][count...].map { $0 / rows[row][row] } }
  }
}
