import Glibc

/// Eigenvalues and eigenvectors of a symmetric matrix, A = V diag(values) Vᵀ: Householder's reduction to three
/// diagonals, then the QL method with implicit shifts (Golub and Van Loan, Matrix Computations, 8.3).
public struct SymmetricEigen: Sendable {
  public let count: Int
  /// In no order.
  public private(set) var values: [Double]
  /// [count, count], eigenvectors as columns.
  public private(set) var vectors: [Double]

  /// - matrix: [count, count], symmetric.
  public init(_ matrix: [Double], count: Int) {
    precondition(matrix.count == count * count)
    self.count = count
    values = [Double](repeating: 0, count: count)
    // Rows of `vectors` are worked on as they lie in memory, so it holds the transpose until the end.
    vectors = matrix
    guard count > 0 else { return }
    var beside = [Double](repeating: 0, count: count)
    reduce(&beside)
    iterate(&beside)
  }

  /// V diag(f(values)) Vᵀ
  public func reassembled(_ function: (Double) -> Double) -> [Double] {
    let scaled = values.map(function)
    var result = [Double](repeating: 0, count: count * count)
    result.withUnsafeMutableBufferPointer { result in
      vectors.withUnsafeBufferPointer { vectors in
        for row in 0..<count {
          for column in 0...row {
            var sum = 0.0
            for index in 0..<count {
              sum += vectors[row * count + index] * scaled[index] * vectors[column * count + index]
            }
            result[row * count + column] = sum
            result[column * count + row] = sum
          }
        }
      }
    }
    return result
  }

  /// A = Q T Qᵀ with T of three diagonals: `values` is its diagonal, `beside` what stands below it, from index 1 on.
  private mutating func reduce(_ beside: inout [Double]) {
    let count = count
    // The Householder vectors, unit vectors that each mirror what lies right of a column.
    var mirrors: [[Double]] = []
    vectors.withUnsafeMutableBufferPointer { a in
      for step in 0..<max(count - 2, 0) {
        let first = step + 1, size = count - first
        var mirror = (0..<size).map { a[step * count + first + $0] }
        let norm = mirror.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 0 else {
          mirrors.append([])
          continue
        }
        let pivot = mirror[0] > 0 ? -norm : norm
        mirror[0] -= pivot
        let length = mirror.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for index in 0..<size { mirror[index] /= length }
        a[step * count + first] = pivot
        a[first * count + step] = pivot
        // B - 2 v wᵀ - 2 w vᵀ with w = B v - (vᵀ B v) v, for the rest B of the matrix.
        var product = [Double](repeating: 0, count: size)
        for row in 0..<size {
          var sum = 0.0
          for column in 0..<size { sum += a[(first + row) * count + first + column] * mirror[column] }
          product[row] = sum
        }
        var dot = 0.0
        for index in 0..<size { dot += product[index] * mirror[index] }
        for index in 0..<size { product[index] -= dot * mirror[index] }
        for row in 0..<size {
          for column in 0..<size {
            a[(first + row) * count + first + column] -=
              2 * (mirror[row] * product[column] + product[row] * mirror[column])
          }
        }
        mirrors.append(mirror)
      }
    }
    for index in 0..<count { values[index] = vectors[index * count + index] }
    for index in 1..<max(count, 1) { beside[index] = vectors[index * count + index - 1] }
    // Q = H0 H1 ..., from the last on, so that little of it is other than the identity at first.
    for index in vectors.indices { vectors[index] = index / count == index % count ? 1 : 0 }
    vectors.withUnsafeMutableBufferPointer { q in
      for (step, mirror) in mirrors.enumerated().reversed() where !mirror.isEmpty {
        let first = step + 1, size = mirror.count
        var product = [Double](repeating: 0, count: size)
        for row in 0..<size {
          for column in 0..<size { product[column] += mirror[row] * q[(first + row) * count + first + column] }
        }
        for row in 0..<size {
          for column in 0..<size { q[(first + row) * count + first + column] -= 2 * mirror[row] * product[column] }
        }
      }
    }
  }

  /// Brings T to a diagonal by rotations, which `vectors` takes part in.
  private mutating func iterate(_ beside: inout [Double]) {
    let count = count
    // Columns are rotated, so they are laid out as rows meanwhile.
    transpose()
    for index in 1..<max(count, 1) { beside[index - 1] = beside[index] }
    beside[count - 1] = 0
    for first in 0..<count {
      // Thirty rounds an eigenvalue are far more than any matrix needs.
      for _ in 0..<30 {
        var last = first
        while last < count - 1 {
          let size = abs(values[last]) + abs(values[last + 1])
          if abs(beside[last]) <= .ulpOfOne * size { break }
          last += 1
        }
        if last == first { break }
        var shift = (values[first + 1] - values[first]) / (2 * beside[first])
        var length = hypot(shift, 1)
        shift = values[last] - values[first] + beside[first] / (shift + (shift >= 0 ? length : -length))
        var (sine, cosine, moved) = (1.0, 1.0, 0.0)
        var isSplit = false
        for index in stride(from: last - 1, through: first, by: -1) {
          let raised = sine * beside[index], kept = cosine * beside[index]
          length = hypot(raised, shift)
          beside[index + 1] = length
          if length == 0 {
            values[index + 1] -= moved
            beside[last] = 0
            isSplit = true
            break
          }
          sine = raised / length
          cosine = shift / length
          shift = values[index + 1] - moved
          let turned = (values[index] - shift) * sine + 2 * cosine * kept
          moved = sine * turned
          values[index + 1] = shift + moved
          shift = cosine * turned - kept
          rotate(index, sine: sine, cosine: cosine)
        }
        if isSplit { continue }
        values[first] -= moved
        beside[first] = shift
        beside[last] = 0
      }
    }
    transpose()
  }

  private mutating func rotate(_ index: Int, sine: Double, cosine: Double) {
    let count = count
    vectors.withUnsafeMutableBufferPointer { v in
      for place in index * count..<(index + 1) * count {
        let lower = v[place], upper = v[place + count]
        v[place + count] = sine * lower + cosine * upper
        v[place] = cosine * lower - sine * upper
      }
    }
  }

  private mutating func transpose() {
    let count = count
    vectors.withUnsafeMutableBufferPointer { v in
      for row in 0..<count {
        for column in 0..<row { v.swapAt(row * count + column, column * count + row) }
      }
    }
  }
}
