import Glibc

/// A convolution's input written out as a matrix, so that a matrix product does the rest:
///
///     columns[k, p] = the input that tap k of the kernel meets at output position p, 0 in the padding
///
/// k counts (channel, depth tap, height tap, width tap) and p (depth, height, width) as W and Y lie in memory.
struct Im2col {
  let axes: ConvolutionAxes

  /// Writes the part `taps` x `positions` of that matrix, row-major without gaps.
  ///
  /// - image: [channels, depth, height, width], the channels of one group.
  func write(
    _ taps: Range<Int>, _ positions: Range<Int>, of image: UnsafePointer<Float>,
    to columns: UnsafeMutablePointer<Float>
  ) {
    var target = columns
    for tap in taps {
      var rest = tap
      let widthTap = rest % axes.width.kernel
      rest /= axes.width.kernel
      let heightTap = rest % axes.height.kernel
      rest /= axes.height.kernel
      let depthTap = rest % axes.depth.kernel
      let channel = image + rest / axes.depth.kernel * axes.inputCount
      writeRow(depthTap, heightTap, widthTap, positions, of: channel, to: target)
      target += positions.count
    }
  }

  /// One row, output line by output line; the first and the last line may be cut by `positions`.
  private func writeRow(
    _ depthTap: Int, _ heightTap: Int, _ widthTap: Int, _ positions: Range<Int>,
    of channel: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>
  ) {
    let (depth, height, width) = (axes.depth, axes.height, axes.width)
    var target = row
    var position = positions.lowerBound
    var line = position / width.output
    var start = position % width.output
    while position < positions.upperBound {
      let count = min(width.output - start, positions.upperBound - position)
      let z = line / height.output * depth.stride - depth.padBegin + depthTap * depth.dilation
      let y = line % height.output * height.stride - height.padBegin + heightTap * height.dilation
      if 0..<depth.input ~= z && 0..<height.input ~= y {
        let source = channel + (z * height.input + y) * width.input
        writeLine(widthTap, start..<start + count, of: source, to: target)
      } else {
        target.update(repeating: 0, count: count)
      }
      target += count
      position += count
      line += 1
      start = 0
    }
  }

  /// The output positions `outputs` of one line: zeros, then inputs `stride` apart, then zeros.
  private func writeLine(
    _ tap: Int, _ outputs: Range<Int>, of source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let axis = axes.width
    let offset = tap * axis.dilation - axis.padBegin  // output position o meets input o * stride + offset
    // The first output position that meets an input, and the first behind the last that does.
    let first = offset >= 0 ? 0 : (axis.stride - 1 - offset) / axis.stride
    let end = axis.input <= offset ? 0 : (axis.input - 1 - offset) / axis.stride + 1
    let inside = outputs.clamped(to: min(first, end)..<end)

    let before = inside.isEmpty ? outputs.count : inside.lowerBound - outputs.lowerBound
    target.update(repeating: 0, count: before)
    guard !inside.isEmpty else { return }
    let values = target + before
    if axis.stride == 1 {
      memcpy(values, source + inside.lowerBound + offset, inside.count * MemoryLayout<Float>.stride)
    } else {
      var input = inside.lowerBound * axis.stride + offset
      for index in 0..<inside.count {
        values[index] = source[input]
        input += axis.stride
      }
    }
    (values + inside.count).update(repeating: 0, count: outputs.upperBound - inside.upperBound)
  }
}
