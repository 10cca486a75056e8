import COneiroKernel

/// MatMul, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__MatMul.html
///
///     Y[..., i, j] = Σ A[..., i, k] * B[..., k, j]     the leading axes broadcast as numpy's do
///
/// A of rank 1 is one row, B of rank 1 one column; the axis added for that is missing in Y.
struct MatMulPlan: KernelPlan {
  let rows: Int
  let columns: Int
  let depth: Int
  /// How many products there are: the extents of the broadcast leading axes multiplied.
  let products: Int
  /// The broadcast leading axes, outermost first.
  private let axes: [BatchAxis]

  private struct BatchAxis {
    let extent: Int
    /// Elements from one index to the next, 0 where the operand is repeated along this axis.
    let aStride: Int
    let bStride: Int
  }

  init(_ node: oneiro_node) throws(Refusal) {
    let a = try node.inputShape(0, "A").dims
    let b = try node.inputShape(1, "B").dims
    guard !a.isEmpty, !b.isEmpty else { throw Refusal("A and B must have rank 1 at least, found \(a) and \(b)") }
    let aMatrix = a.count == 1 ? [1] + a : a
    let bMatrix = b.count == 1 ? b + [1] : b
    let rows = aMatrix[aMatrix.count - 2]
    let depth = aMatrix[aMatrix.count - 1]
    let columns = bMatrix[bMatrix.count - 1]
    guard bMatrix[bMatrix.count - 2] == depth else {
      throw Refusal("A \(a) and B \(b) do not agree on the axis that is summed over")
    }

    // The leading axes from the innermost out, so that the two align as numpy aligns them.
    let aLeading = Array(aMatrix.dropLast(2).reversed())
    let bLeading = Array(bMatrix.dropLast(2).reversed())
    var axes: [BatchAxis] = []
    var aStride = rows * depth
    var bStride = depth * columns
    var aProducts = 1
    var bProducts = 1
    var products = 1
    for axis in 0..<max(aLeading.count, bLeading.count) {
      let aExtent = axis < aLeading.count ? aLeading[axis] : 1
      let bExtent = axis < bLeading.count ? bLeading[axis] : 1
      guard aExtent == bExtent || aExtent == 1 || bExtent == 1 else {
        throw Refusal("the leading axes of A \(a) and B \(b) do not broadcast")
      }
      let extent = aExtent == 1 ? bExtent : aExtent
      axes.append(
        BatchAxis(extent: extent, aStride: aExtent == 1 ? 0 : aStride, bStride: bExtent == 1 ? 0 : bStride))
      aStride *= aExtent
      bStride *= bExtent
      aProducts *= aExtent
      bProducts *= bExtent
      let (grown, overflow) = products.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw Refusal("A \(a) and B \(b) make too many products") }
      products = grown
    }
    axes.reverse()
    try node.checkOutput(
      axes.map(\.extent) + (a.count == 1 ? [] : [rows]) + (b.count == 1 ? [] : [columns]))

    let (allRows, overflow) = rows.multipliedReportingOverflow(by: aProducts)
    if bProducts == 1 && !overflow && allRows <= Int(Int32.max) {
      // One B for every A: A's matrices lie one below the other, so this is a single, taller product.
      self.init(rows: allRows, columns: columns, depth: depth, products: 1, axes: [])
    } else {
      self.init(rows: rows, columns: columns, depth: depth, products: products, axes: axes)
    }
  }

  private init(rows: Int, columns: Int, depth: Int, products: Int, axes: [BatchAxis]) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.products = products
    self.axes = axes
  }

  func run(_ call: oneiro_call, on backend: Backend) {
    guard rows > 0, columns > 0, products > 0 else { return }
    guard depth > 0 else {
      call.output(0).update(repeating: 0, count: products * rows * columns)
      return
    }
    let slabs = Slabs(results: products, rows: rows, columns: columns, depth: depth, threads: Int(call.threads))
    let job = Job(
      plan: self, slabs: slabs, blas: backend.blas, a: call.input(0), b: call.input(1), y: call.output(0))
    backend.spread(job, over: slabs.pieces) { argument, piece in
      argument!.assumingMemoryBound(to: Job.self).pointee.run(piece)
    }
  }

  /// Where the operands of product `index` start, in elements.
  private func offsets(of index: Int) -> (a: Int, b: Int) {
    var rest = index
    var a = 0
    var b = 0
    for axis in axes.reversed() {
      let position = rest % axis.extent
      rest /= axis.extent
      a += position * axis.aStride
      b += position * axis.bStride
    }
    return (a, b)
  }

  private struct Job {
    let plan: MatMulPlan
    let slabs: Slabs
    let blas: BLAS
    let a: UnsafePointer<Float>
    let b: UnsafePointer<Float>
    let y: UnsafeMutablePointer<Float>

    func run(_ piece: Int) {
      slabs.forEachPart(of: piece) { product, rows, columns in
        let start = plan.offsets(of: product)
        blas.multiply(
          BLAS.Operand(start: a + start.a + rows.lowerBound * plan.depth, rowStride: plan.depth),
          BLAS.Operand(start: b + start.b + columns.lowerBound, rowStride: plan.columns),
          rows: rows.count, columns: columns.count, depth: plan.depth,
          into: y + (product * plan.rows + rows.lowerBound) * plan.columns + columns.lowerBound,
          rowStride: plan.columns)
      }
    }
  }
}
