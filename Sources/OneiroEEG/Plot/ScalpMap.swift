import Foundation

/// A smooth surface through values at points of a plane: the thin-plate spline (Duchon 1977), the one that bends least.
///
///     f(p) = a + b x + c y + sum over i of w_i r_i^2 log r_i,   r_i the distance from p to point i
struct ScalpMap {
  private let points: [SIMD2<Double>]
  private let weights: [Double]
  private let plane: (Double, Double, Double)

  /// - Returns: `nil` for fewer than three points, or points on one line.
  init?(_ points: [SIMD2<Double>], _ values: [Double]) {
    let count = points.count, size = count + 3
    guard count >= 3, count <= 1024, values.allSatisfy(\.isFinite) else { return nil }
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: size + 1), count: size)
    for i in 0..<count {
      for j in 0..<count where i != j { matrix[i][j] = Self.kernel(points[i] - points[j]) }
      for (k, value) in [1, points[i].x, points[i].y].enumerated() {
        matrix[i][count + k] = value
        matrix[count + k][i] = value
      }
      matrix[i][size] = values[i]
    }
    guard let solution = Self.solve(&matrix) else { return nil }
    self.points = points
    weights = Array(solution[..<count])
    plane = (solution[count], solution[count + 1], solution[count + 2])
  }

  func value(at place: SIMD2<Double>) -> Double {
    var sum = plane.0 + plane.1 * place.x + plane.2 * place.y
    for (point, weight) in zip(points, weights) { sum += weight * Self.kernel(place - point) }
    return sum
  }

  /// r^2 log r.
  private static func kernel(_ distance: SIMD2<Double>) -> Double {
    let squared = (distance * distance).sum()
    return squared == 0 ? 0 : squared * log(squared) / 2
  }

  /// Gauss's elimination with the largest pivot of each column; the last column is the right side.
  private static func solve(_ matrix: inout [[Double]]) -> [Double]? {
    let size = matrix.count
    for column in 0..<size {
      let pivot = (column..<size).max { abs(matrix[$0][column]) < abs(matrix[$1][column]) } ?? column
      guard abs(matrix[pivot][column]) > 1e-10 else { return nil }
      matrix.swapAt(column, pivot)
      for row in column + 1..<max(size, column + 1) where matrix[row][column] != 0 {
        let factor = matrix[row][column] / matrix[column][column]
        for index in column...size { matrix[row][index] -= factor * matrix[column][index] }
      }
    }
    var solution = [Double](repeating: 0, count: size)
    for row in (0..<size).reversed() {
      var sum = matrix[row][size]
      for index in row + 1..<max(size, row + 1) { sum -= matrix[row][index] * solution[index] }
      solution[row] = sum / matrix[row][row]
    }
    return solution
  }
}
