import COneiroKernel

/// Gemm, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Gemm.html
///
///     Y = alpha * op(A) * op(B) + beta * C     Y: [rows, columns]; C broadcasts to it; op transposes if asked to
struct GemmPlan: KernelPlan {
  let rows: Int
  let columns: Int
  let depth: Int
  let transposesA: Bool
  let transposesB: Bool
  let alpha: Float
  let beta: Float
  /// How C is walked along with Y; nil without a C.
  let bias: Bias?

  /// Elements from one row or column of Y to the next in C, 0 where C is repeated.
  struct Bias {
    let rowStride: Int
    let columnStride: Int

    init(_ c: [Int], rows: Int, columns: Int) throws(Refusal) {
      let height = c.count == 2 ? c[0] : 1
      let width = c.last ?? 1
      guard c.count <= 2, height == 1 || height == rows, width == 1 || width == columns else {
        throw Refusal("C \(c) does not broadcast to [\(rows), \(columns)]")
      }
      rowStride = height == 1 ? 0 : width
      columnStride = width == 1 ? 0 : 1
    }
  }

  init(_ node: oneiro_node) throws(Refusal) {
    let a = try node.inputShape(0, "A").dims
    let b = try node.inputShape(1, "B").dims
    guard a.count == 2, b.count == 2 else { throw Refusal("A and B must be matrices, found \(a) and \(b)") }
    transposesA = node.int("transA", default: 0) != 0
    transposesB = node.int("transB", default: 0) != 0
    alpha = node.float("alpha", default: 1)
    beta = node.float("beta", default: 1)
    rows = a[transposesA ? 1 : 0]
    depth = a[transposesA ? 0 : 1]
    columns = b[transposesB ? 0 : 1]
    guard b[transposesB ? 1 : 0] == depth else {
      throw Refusal("A \(a) and B \(b) do not agree on the axis that is summed over")
    }
    if let c = try node.optionalInputShape(2, "C") {
      bias = try Bias(c.dims, rows: rows, columns: columns)
    } else {
      bias = nil
    }
    try node.checkOutput([rows, columns])
  }

  func run(_ call: oneiro_call, on backend: Backend) {
    guard rows > 0, columns > 0 else { return }
    let slabs = Slabs(results: 1, rows: rows, columns: columns, depth: depth, threads: Int(call.threads))
    let job = Job(
      plan: self, slabs: slabs, blas: backend.blas,
      a: depth > 0 ? call.input(0) : nil, b: depth > 0 ? call.input(1) : nil,
      c: bias == nil ? nil : call.input(2), y: call.output(0))
    backend.spread(job, over: slabs.pieces) { argument, piece in
      argument!.assumingMemoryBound(to: Job.self).pointee.run(piece)
    }
  }

  private struct Job {
    let plan: GemmPlan
    let slabs: Slabs
    let blas: BLAS
    let a: UnsafePointer<Float>?
    let b: UnsafePointer<Float>?
    let c: UnsafePointer<Float>?
    let y: UnsafeMutablePointer<Float>

    func run(_ piece: Int) {
      slabs.forEachPart(of: piece) { _, rows, columns in
        if plan.depth == 0 {
          startWithBias(rows, columns)
        } else if plan.alpha == 0 {
          // BLAS skips the product then, but 0 * NaN is NaN. So multiply first and scale afterwards.
          multiply(rows, columns, alpha: 1, accumulate: false)
          forEachElement(rows, columns) { y, bias in y = 0 * y + bias }
        } else {
          if c != nil { startWithBias(rows, columns) }
          multiply(rows, columns, alpha: plan.alpha, accumulate: c != nil)
        }
      }
    }

    private func startWithBias(_ rows: Range<Int>, _ columns: Range<Int>) {
      forEachElement(rows, columns) { y, bias in y = bias }
    }

    /// Calls `body` with every element of the part and its share of beta * C, 0 without a C.
    @inline(__always)
    private func forEachElement(
      _ rows: Range<Int>, _ columns: Range<Int>, _ body: (_ y: inout Float, _ bias: Float) -> Void
    ) {
      for row in rows {
        let yRow = y + row * plan.columns
        guard let c, let bias = plan.bias else {
          for column in columns { body(&yRow[column], 0) }
          continue
        }
        let cRow = c + row * bias.rowStride
        if bias.columnStride == 0 {
          let value = plan.beta * cRow[0]
          for column in columns { body(&yRow[column], value) }
        } else {
          for column in columns { body(&yRow[column], plan.beta * cRow[column]) }
        }
      }
    }

    private func multiply(_ rows: Range<Int>, _ columns: Range<Int>, alpha: Float, accumulate: Bool) {
      guard let a, let b else { return }
      let aStride = plan.transposesA ? plan.rows : plan.depth
      let bStride = plan.transposesB ? plan.depth : plan.columns
      blas.multiply(
        BLAS.Operand(
          start: a + rows.lowerBound * (plan.transposesA ? 1 : aStride), rowStride: aStride,
          isTransposed: plan.transposesA),
        BLAS.Operand(
          start: b + columns.lowerBound * (plan.transposesB ? bStride : 1), rowStride: bStride,
          isTransposed: plan.transposesB),
        rows: rows.count, columns: columns.count, depth: plan.depth, alpha: alpha, accumulate: accumulate,
        into: y + rows.lowerBound * plan.columns + columns.lowerBound, rowStride: plan.columns)
    }
  }
}
