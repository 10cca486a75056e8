import OneiroGraph

/// DeformConv, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__DeformConv.html
///
/// Conv whose taps are shifted by `offset`, for each window on its own, and scaled by `mask`. Between elements X is
/// interpolated linearly along every axis; outside it is zero.
///
/// offset: [N, offset_group * taps * axes, output...]; mask: [N, offset_group * taps, output...].
public enum DeformConv: Operator {
  /// Interpolation looks at 2 ^ axes neighbours.
  private static let mostAxes = 8

  public static let schema = OpSchema(
    "DeformConv", since: 22,
    inputs: [.one("X", "T"), .one("W", "T"), .one("offset", "T"), .optional("B", "T"), .optional("mask", "T")],
    outputs: [.one("Y", "T")],
    attributes: [
      .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"), .int("offset_group", default: 1),
      .ints("pads"),
      .ints("strides"),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    let (x, w) = try node.convolutionShapes()
    let filters = w?[0] ?? .unknown
    if let w { try Conv.checkChannels(node, x: x?[1] ?? .unknown, w) }
    try node.requireVector(3, count: filters, because: "W has \(filters) filters")
    let groups = node.attributes.int("offset_group")
    guard groups >= 1, (x?[1].extent ?? 0) % groups == 0 else {
      throw .mismatch(
        node: node.node, "attribute offset_group", expected: "a divisor of \(x?[1] ?? .unknown) channels",
        found: "\(groups)")
    }
    guard let rank = x?.count ?? w?.count else { return [.tensor(type, nil)] }
    guard rank - 2 <= mostAxes else {
      throw node.fails(0, expected: "at most \(mostAxes) spatial axes", found: "\(rank - 2)")
    }
    let kernel = try node.kernelShape(w, spatialRank: rank - 2)
    let spatial = x.map { Array($0[2...]) } ?? [Dimension](repeating: .unknown, count: rank - 2)
    let windows = try node.checked { () throws(KernelError) in
      try WindowAttributes(node.attributes, spatialRank: rank - 2).outputs(spatial, kernel: kernel)
    }
    let taps = kernel.compactMap(\.extent)
    for (index, each) in [(2, rank - 2), (4, 1)] {
      let product = taps.count == kernel.count ? Tensor.elementCount(taps + [groups, each]) : nil
      let expected = [x?[0] ?? .unknown, product.map { .known($0) } ?? .unknown] + windows
      _ = try node.agreedShape(index, expected)
    }
    return [.tensor(type, [x?[0] ?? .unknown, filters] + windows)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), w = try call.tensor(1)
    let spatial = Array(x.dims[2...]), channels = x.dims[1], filters = dims[1]
    let axes = try WindowAttributes(call.attributes, spatialRank: spatial.count).axes(
      spatial, kernel: Array(w.dims[2...]))
    let taps = axes.reduce(1) { $0 * $1.kernel }, windows = axes.reduce(1) { $0 * $1.output }
    let plane = axes.reduce(1) { $0 * $1.input }
    let offsetGroups = call.attributes.int("offset_group"), groupChannels = channels / offsetGroups
    let input = x.doubles(), weights = w.doubles(), offsets = try call.tensor(2).doubles()
    let mask = call.optionalTensor(4)?.doubles()
    let rowLength = w.dims[1] * taps, filtersInGroup = filters / call.attributes.int("group")
    var y = Conv.startingFromBias(call.optionalTensor(3)?.doubles(), dims)
    // What lies under the taps of one window: [channels, taps].
    var sampled = [Double](repeating: 0, count: channels * taps)
    var neighbours: [(offset: Int, weight: Double)] = []
    for item in 0..<dims[0] {
      for window in 0..<windows {
        for group in 0..<offsetGroups {
          for tap in 0..<taps {
            let place = (item * offsetGroups + group) * taps + tap
            findNeighbours(axes, window: window, tap: tap, &neighbours) {
              offsets[(place * axes.count + $0) * windows + window]
            }
            let scale = mask.map { $0[place * windows + window] } ?? 1
            for channel in group * groupChannels..<(group + 1) * groupChannels {
              let start = (item * channels + channel) * plane
              sampled[channel * taps + tap] = scale * neighbours.reduce(0) { $0 + $1.weight * input[start + $1.offset] }
            }
          }
        }
        for filter in 0..<filters {
          let start = filter / filtersInGroup * rowLength
          var sum = 0.0
          for index in 0..<rowLength { sum += weights[filter * rowLength + index] * sampled[start + index] }
          y[(item * filters + filter) * windows + window] += sum
        }
      }
    }
    return [Tensor(x.elementType, doubles: y, dims: dims)]
  }

  /// The elements of a plane around a shifted tap, with their shares in its value; none when it lies outside.
  /// - shift: the offset along an axis, in elements.
  private static func findNeighbours(
    _ axes: [WindowAxis], window: Int, tap: Int, _ neighbours: inout [(offset: Int, weight: Double)],
    shift: (Int) -> Double
  ) {
    neighbours.removeAll(keepingCapacity: true)
    neighbours.append((0, 1))
    var window = window, tap = tap, step = 1
    for (number, axis) in axes.enumerated().reversed() {
      let position = Double(axis.position(window: window % axis.output, tap: tap % axis.kernel)) + shift(number)
      (window, tap) = (window / axis.output, tap / axis.kernel)
      // Also false for NaN.
      guard position > -1, position < Double(axis.input) else {
        neighbours.removeAll(keepingCapacity: true)
        return
      }
      let low = Int(position.rounded(.down)), share = position - Double(low)
      let known = neighbours.count
      for index in 0..<known {
        let (offset, weight) = neighbours[index]
        if low + 1 < axis.input, share > 0 { neighbours.append((offset + (low + 1) * step, weight * share)) }
        neighbours[index] = low >= 0 ? (offset + low * step, weight * (1 - share)) : (offset, 0)
      }
      step *= axis.input
    }
  }
}
