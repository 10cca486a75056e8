import COneiroKernel

/// Conv, ai.onnx opset 22, over one to three spatial axes: https://onnx.ai/onnx/operators/onnx__Conv.html
///
/// For every image and group a matrix product, with the input written out as columns (`Im2col`):
///
///     Y [outputs, positions] = W [outputs, taps] * columns [taps, positions] + B
///
/// A kernel of one tap that skips and pads nothing needs no columns: there the input is that matrix already.
struct ConvolutionPlan: KernelPlan {
  let images: Int
  let groups: Int
  /// Channels of the input and of the output that belong to one group.
  let groupInputs: Int
  let groupOutputs: Int
  let axes: ConvolutionAxes
  let hasBias: Bool

  /// Products summed for one output.
  private let taps: Int
  private let positions: Int
  /// The part of the columns that is written out at a time.
  private let tileTaps: Int
  private let tilePositions: Int

  /// 2 MiB of columns a thread: what a core's own cache about holds. OpenBLAS sums in steps of a few hundred
  /// products and packs W anew for every tile, so a tile is wide first and then as deep as fits.
  private static let tileCount = 512 * 1024
  private static let widestTile = 1024

  init(_ node: oneiro_node) throws(Refusal) {
    let x = try node.inputShape(0, "X").dims
    let w = try node.inputShape(1, "W").dims
    let bias = try node.optionalInputShape(2, "B")
    let spatialRank = x.count - 2
    guard 1...3 ~= spatialRank else { throw Refusal("X \(x): expected 1 to 3 spatial axes, found \(spatialRank)") }
    guard w.count == x.count else { throw Refusal("X \(x) and W \(w) differ in rank") }

    groups = node.int("group", default: 1)
    guard groups >= 1, x[1] % groups == 0, w[0] % groups == 0, w[1] == x[1] / groups else {
      throw Refusal("X \(x) and W \(w) do not fit group \(groups)")
    }
    images = x[0]
    groupInputs = w[1]
    groupOutputs = w[0] / groups
    hasBias = bias != nil
    if let bias, bias.dims != [w[0]] { throw Refusal("expected B of shape [\(w[0])], found \(bias.dims)") }

    let spatial = try Self.axes(of: node, x: Array(x[2...]), kernel: Array(w[2...]))
    try node.checkOutput([x[0], w[0]] + spatial.map(\.output))
    axes = ConvolutionAxes(spatial)
    taps = groupInputs * axes.kernelCount
    positions = axes.outputCount
    guard taps <= Int(Int32.max), positions <= Int(Int32.max) else {
      throw Refusal("\(taps) products an output or \(positions) output positions, more than fit Int32")
    }
    tilePositions = min(positions, Self.widestTile)
    tileTaps = min(taps, Self.tileCount / tilePositions)
  }

  private static func axes(of node: oneiro_node, x: [Int], kernel: [Int]) throws(Refusal) -> [ConvolutionAxis] {
    let rank = x.count
    let name = node.string("auto_pad", default: AutoPad.notSet.rawValue)
    guard let autoPad = AutoPad(rawValue: name) else {
      throw Refusal("expected auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID, found \(name)")
    }
    let kernelShape = node.ints("kernel_shape") ?? kernel
    guard kernelShape == kernel else { throw Refusal("kernel_shape \(kernelShape), but W has \(kernel)") }
    let strides = node.ints("strides") ?? Array(repeating: 1, count: rank)
    let dilations = node.ints("dilations") ?? Array(repeating: 1, count: rank)
    let pads = node.ints("pads") ?? Array(repeating: 0, count: 2 * rank)
    guard strides.count == rank, dilations.count == rank, pads.count == 2 * rank else {
      throw Refusal("strides \(strides), dilations \(dilations) or pads \(pads) do not fit \(rank) spatial axes")
    }
    var axes: [ConvolutionAxis] = []
    for axis in 0..<rank {
      axes.append(
        try ConvolutionAxis(
          input: x[axis], kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis],
          pads: (pads[axis], pads[rank + axis]), autoPad: autoPad))
    }
    return axes
  }

  /// In floats; 0 where the input needs no writing out.
  private var columnsCount: Int { axes.isIdentity ? 0 : tileTaps * tilePositions }

  func workspaceByteCount(threads: Int) -> Int { threads * columnsCount * MemoryLayout<Float>.stride }

  func run(_ call: oneiro_call, on backend: Backend) {
    guard images > 0, groupOutputs > 0 else { return }
    // Never more pieces than there is workspace for, whatever `prepare` was told about threads.
    let room = columnsCount == 0 ? Int.max : call.workspace_byte_count / workspaceByteCount(threads: 1)
    let slabs = Slabs(
      results: images * groups, rows: groupOutputs, columns: positions, depth: taps,
      threads: min(Int(call.threads), room))
    let job = Job(
      plan: self, slabs: slabs, blas: backend.blas,
      x: taps > 0 ? call.input(0) : nil, w: taps > 0 ? call.input(1) : nil, bias: hasBias ? call.input(2) : nil,
      y: call.output(0), workspace: call.workspace?.assumingMemoryBound(to: Float.self))
    backend.spread(job, over: slabs.pieces) { argument, piece in
      argument!.assumingMemoryBound(to: Job.self).pointee.run(piece)
    }
  }

  private struct Job {
    let plan: ConvolutionPlan
    let slabs: Slabs
    let blas: BLAS
    /// X and W are nil when there are no taps, that is, no input channels.
    let x: UnsafePointer<Float>?
    let w: UnsafePointer<Float>?
    let bias: UnsafePointer<Float>?
    let y: UnsafeMutablePointer<Float>
    let workspace: UnsafeMutablePointer<Float>?

    func run(_ piece: Int) {
      slabs.forEachPart(of: piece) { result, outputs, positions in
        let group = result % plan.groups
        startWithBias(result, group, outputs, positions)
        guard let x, let w else { return }
        let image = x + result * plan.groupInputs * plan.axes.inputCount
        let weights = w + (group * plan.groupOutputs + outputs.lowerBound) * plan.taps
        let target = y + (result * plan.groupOutputs + outputs.lowerBound) * plan.positions
        if plan.axes.isIdentity {
          blas.multiply(
            BLAS.Operand(start: weights, rowStride: plan.taps),
            BLAS.Operand(start: image + positions.lowerBound, rowStride: plan.positions),
            rows: outputs.count, columns: positions.count, depth: plan.taps, accumulate: bias != nil,
            into: target + positions.lowerBound, rowStride: plan.positions)
        } else {
          let columns = workspace! + piece * plan.columnsCount
          multiplyTiles(weights, image, columns, outputs: outputs.count, positions: positions, into: target)
        }
      }
    }

    /// Y = B, or zeros where no product will overwrite what is there.
    private func startWithBias(_ result: Int, _ group: Int, _ outputs: Range<Int>, _ positions: Range<Int>) {
      guard bias != nil || x == nil else { return }
      for output in outputs {
        let row = y + (result * plan.groupOutputs + output) * plan.positions + positions.lowerBound
        row.update(repeating: bias?[group * plan.groupOutputs + output] ?? 0, count: positions.count)
      }
    }

    /// - target: the first of `outputs` rows of Y, at position 0.
    private func multiplyTiles(
      _ weights: UnsafePointer<Float>, _ image: UnsafePointer<Float>, _ columns: UnsafeMutablePointer<Float>,
      outputs: Int, positions: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
      let im2col = Im2col(axes: plan.axes)
      for first in stride(from: positions.lowerBound, to: positions.upperBound, by: plan.tilePositions) {
        let tile = first..<min(first + plan.tilePositions, positions.upperBound)
        for firstTap in stride(from: 0, to: plan.taps, by: plan.tileTaps) {
          let taps = firstTap..<min(firstTap + plan.tileTaps, plan.taps)
          im2col.write(taps, tile, of: image, to: columns)
          blas.multiply(
            BLAS.Operand(start: weights + firstTap, rowStride: plan.taps),
            BLAS.Operand(start: columns, rowStride: tile.count),
            rows: outputs, columns: tile.count, depth: taps.count, accumulate: firstTap > 0 || bias != nil,
            into: target + first, rowStride: plan.positions)
        }
      }
    }
  }
}
