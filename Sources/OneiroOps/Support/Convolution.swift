import OneiroGraph

/// The weighted sums of Conv and ConvTranspose. One is the transpose of the other: with windows standing on the `wide`
/// side, Conv adds `weight * wide[position]` to the window's element of the `narrow` side, ConvTranspose adds
/// `weight * narrow[window]` to the wide side.
struct Convolution {
  let batch: Int
  let group: Int
  /// Channels of one group on each side.
  let wideChannels: Int
  let narrowChannels: Int
  let axes: [WindowAxis]

  var widePlane: Int { axes.reduce(1) { $0 * $1.input } }
  var narrowPlane: Int { axes.reduce(1) { $0 * $1.output } }

  /// - wide: [batch, group * wideChannels, input...];  weights: [group * narrowChannels, wideChannels, kernel...];
  ///   narrow: [batch, group * narrowChannels, output...], which is added to.
  func gather(wide: [Double], weights: [Double], into narrow: inout [Double]) {
    let widePlane = widePlane, narrowPlane = narrowPlane
    wide.withUnsafeBufferPointer { wide in
      narrow.withUnsafeMutableBufferPointer { narrow in
        forEachRow(weights) { weight, wideChannel, narrowChannel, wideRow, narrowRow, stride, count in
          let source = wide.baseAddress! + wideChannel * widePlane + wideRow
          let target = narrow.baseAddress! + narrowChannel * narrowPlane + narrowRow
          if stride == 1 {
            for index in 0..<count { target[index] += weight * source[index] }
          } else {
            for index in 0..<count { target[index] += weight * source[index &* stride] }
          }
        }
      }
    }
  }

  /// The transpose of `gather`, with the same meaning of every argument; `wide` is added to.
  func scatter(narrow: [Double], weights: [Double], into wide: inout [Double]) {
    let widePlane = widePlane, narrowPlane = narrowPlane
    narrow.withUnsafeBufferPointer { narrow in
      wide.withUnsafeMutableBufferPointer { wide in
        forEachRow(weights) { weight, wideChannel, narrowChannel, wideRow, narrowRow, stride, count in
          let source = narrow.baseAddress! + narrowChannel * narrowPlane + narrowRow
          let target = wide.baseAddress! + wideChannel * widePlane + wideRow
          for index in 0..<count { target[index &* stride] += weight * source[index] }
        }
      }
    }
  }

  /// Calls `body` for every weight and every run of windows along the last axis whose tap lies on the input. Channels
  /// are counted through batch and groups, rows are offsets into a plane, `stride` is the wide side's.
  @inline(__always)
  private func forEachRow(
    _ weights: [Double],
    _ body: (
      _ weight: Double, _ wideChannel: Int, _ narrowChannel: Int, _ wideRow: Int, _ narrowRow: Int, _ stride: Int,
      _ count: Int
    ) -> Void
  ) {
    let inner = axes[axes.count - 1], outer = Array(axes.dropLast())
    let outerTaps = outer.reduce(1) { $0 * $1.kernel }
    guard batch > 0, narrowPlane > 0, widePlane > 0 else { return }
    for outerTap in 0..<outerTaps {
      let rows = rows(outer, tap: outerTap)
      for channel in 0..<group * narrowChannels {
        for wideChannel in 0..<wideChannels {
          for tap in 0..<inner.kernel {
            let windows = inner.windows(onInputAt: tap)
            guard !windows.isEmpty else { continue }
            let weight = weights[((channel * wideChannels + wideChannel) * outerTaps + outerTap) * inner.kernel + tap]
            let shift = inner.position(window: windows.lowerBound, tap: tap)
            for item in 0..<batch {
              let wideIndex = (item * group + channel / narrowChannels) * wideChannels + wideChannel
              for (row, position) in rows.enumerated() where position >= 0 {
                body(
                  weight, wideIndex, item * group * narrowChannels + channel, position * inner.input + shift,
                  row * inner.output + windows.lowerBound, inner.stride, windows.count)
              }
            }
          }
        }
      }
    }
  }

  /// For each row of windows, the row of the input under tap `tap` (counted over all axes but the last); -1 in padding.
  private func rows(_ outer: [WindowAxis], tap: Int) -> [Int] {
    var rows = [0]
    var taps = [Int](repeating: 0, count: outer.count), rest = tap
    for axis in outer.indices.reversed() {
      (rest, taps[axis]) = rest.quotientAndRemainder(dividingBy: outer[axis].kernel)
    }
    for (axis, tap) in zip(outer, taps) {
      rows = rows.flatMap { row in
        (0..<axis.output).map { window in
          let position = axis.position(window: window, tap: tap)
          return row < 0 || position < 0 || position >= axis.input ? -1 : row * axis.input + position
        }
      }
    }
    return rows
  }
}

extension InferenceContext {
  /// The taps of each spatial axis: attribute kernel_shape, or else what W has behind its two channel axes.
  func kernelShape(_ weight: [Dimension]?, spatialRank: Int) throws(GraphError) -> [Dimension] {
    let fromWeight = weight.map { Array($0[2...]) } ?? [Dimension](repeating: .unknown, count: spatialRank)
    guard let given = attributes.ints("kernel_shape"), !given.isEmpty else { return fromWeight }
    guard given.count == spatialRank, zip(given, fromWeight).allSatisfy({ Dimension.known($0).agrees(with: $1) }) else {
      throw .mismatch(
        node: node, "attribute kernel_shape", expected: "W's \(TensorType(.float32, fromWeight).shapeText)",
        found: "\(given)")
    }
    return given.map(Dimension.known)
  }

  /// The shapes of X and W, of the same rank of at least 3; `nil` where one is not known.
  func convolutionShapes() throws(GraphError) -> (x: [Dimension]?, w: [Dimension]?) {
    let x = try shape(0), w = try shape(1)
    for (index, shape) in [x, w].enumerated() {
      if let shape, shape.count < 3 {
        throw fails(
          index, expected: "two channel axes and one or more spatial ones", found: TensorType(.float32, shape).shapeText
        )
      }
    }
    if let x, let w, x.count != w.count {
      throw fails(1, expected: "rank \(x.count)", found: "rank \(w.count)", because: "X has rank \(x.count)")
    }
    guard attributes.int("group") >= 1 else {
      throw fails("attribute group", "expected 1 or more, found \(attributes.int("group"))")
    }
    return (x, w)
  }

  /// Sees to it that input `index`, when it was given, is a vector of `count` elements.
  func requireVector(_ index: Int, count: Dimension, because: String) throws(GraphError) {
    guard has(index), let shape = try shape(index) else { return }
    guard shape.count == 1, shape[0].agrees(with: count) else {
      throw fails(index, expected: "[\(count)]", found: TensorType(.float32, shape).shapeText, because: because)
    }
  }
}
