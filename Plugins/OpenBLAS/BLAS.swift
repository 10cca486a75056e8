/// The two routines of OpenBLAS that the kernels call, both on the calling thread alone.
struct BLAS: Sendable {
  typealias Sgemm =
    @convention(c) (
      _ order: Int32, _ transA: Int32, _ transB: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Float,
      _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32, _ beta: Float,
      _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
    ) -> Void
  typealias Sgemv =
    @convention(c) (
      _ order: Int32, _ trans: Int32, _ m: Int32, _ n: Int32, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32,
      _ x: UnsafePointer<Float>, _ incX: Int32, _ beta: Float, _ y: UnsafeMutablePointer<Float>, _ incY: Int32
    ) -> Void

  let sgemm: Sgemm
  let sgemv: Sgemv

  // The numbers of CBLAS_ORDER and CBLAS_TRANSPOSE.
  private static let rowMajor: Int32 = 101
  private static func flag(_ transposed: Bool) -> Int32 { transposed ? 112 : 111 }

  /// A row-major matrix as it lies in memory, perhaps read as its own transpose.
  struct Operand {
    var start: UnsafePointer<Float>
    /// Elements from one stored row to the next.
    var rowStride: Int
    var isTransposed = false
  }

  /// result = alpha * a * b, added to what is there already when `accumulate` is set; otherwise that is never read.
  ///
  /// - a: [rows, depth], b: [depth, columns], result: [rows, columns], row-major with `rowStride` elements a row.
  ///   Every extent is at least 1; extents and strides fit Int32, which the plans have checked.
  func multiply(
    _ a: Operand, _ b: Operand, rows: Int, columns: Int, depth: Int, alpha: Float = 1, accumulate: Bool = false,
    into result: UnsafeMutablePointer<Float>, rowStride: Int
  ) {
    if rows == 1 {
      // resultᵀ = bᵀ aᵀ; a's one row is a vector.
      multiply(
        b, transposed: !b.isTransposed, rows: columns, depth: depth, alpha: alpha,
        vector: a.start, increment: a.isTransposed ? a.rowStride : 1, accumulate: accumulate, into: result, step: 1)
    } else if columns == 1 {
      multiply(
        a, transposed: a.isTransposed, rows: rows, depth: depth, alpha: alpha,
        vector: b.start, increment: b.isTransposed ? 1 : b.rowStride, accumulate: accumulate,
        into: result, step: rowStride)
    } else {
      sgemm(
        Self.rowMajor, Self.flag(a.isTransposed), Self.flag(b.isTransposed), Int32(rows), Int32(columns), Int32(depth),
        alpha, a.start, Int32(a.rowStride), b.start, Int32(b.rowStride), accumulate ? 1 : 0, result, Int32(rowStride))
    }
  }

  /// y = alpha * op(matrix) * x with y: [rows], x: [depth]. sgemm does this too, but packs the matrix to read it once.
  private func multiply(
    _ matrix: Operand, transposed: Bool, rows: Int, depth: Int, alpha: Float,
    vector x: UnsafePointer<Float>, increment: Int, accumulate: Bool,
    into y: UnsafeMutablePointer<Float>, step: Int
  ) {
    // Releases of OpenBLAS differ in what sgemv makes of 0 * NaN in an old y, so it always adds, here to zeros.
    if !accumulate {
      for row in 0..<rows { y[row * step] = 0 }
    }
    sgemv(
      Self.rowMajor, Self.flag(transposed), Int32(transposed ? depth : rows), Int32(transposed ? rows : depth),
      alpha, matrix.start, Int32(matrix.rowStride), x, Int32(increment), 1, y, Int32(step))
  }
}
