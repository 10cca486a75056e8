/// The product of two thin matrices, computed in float32 a few elements at a time.
struct LowRankProduct {
  /// [rows,rank]
  let up: [Float]
  /// [rank,columns]
  let down: [Float]
  let rank: Int

  /// Adds the elements of a row, `columns` out of `count`, to the first elements of `sums`.
  func add(row: Int, columns: Range<Int>, of count: Int, to sums: UnsafeMutableBufferPointer<Float>) {
    let width = columns.count
    precondition(sums.count >= width && up.count >= (row + 1) * rank && down.count == rank * count)
    precondition(columns.lowerBound >= 0 && columns.upperBound <= count)
    guard width > 0, let sums = sums.baseAddress else { return }
    up.withUnsafeBufferPointer { up in
      down.withUnsafeBufferPointer { down in
        let up = up.baseAddress! + row * rank, down = down.baseAddress! + columns.lowerBound
        // Columns inside, as they lie side by side in memory; four ranks at once, so that sums are loaded less often.
        var index = 0
        while index + 4 <= rank {
          let (u0, u1, u2, u3) = (up[index], up[index + 1], up[index + 2], up[index + 3])
          let d0 = down + index * count
          let d1 = d0 + count, d2 = d1 + count, d3 = d2 + count
          for column in 0..<width {
            sums[column] += u0 * d0[column] + u1 * d1[column] + (u2 * d2[column] + u3 * d3[column])
          }
          index += 4
        }
        while index < rank {
          let u = up[index], d = down + index * count
          for column in 0..<width { sums[column] += u * d[column] }
          index += 1
        }
      }
    }
  }
}
