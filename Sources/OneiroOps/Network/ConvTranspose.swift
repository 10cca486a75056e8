import OneiroGraph

/// ConvTranspose, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
///
///     Y[n,m,i * stride + k * dilation - pad] += W[c,m,k] * X[n,c,i]     starting from B[m]
///
/// X: [N, C, spatial...]; W: [C, M/group, kernel...].
public enum ConvTranspose: Operator {
  public static let schema = OpSchema(
    "ConvTranspose", since: 22, inputs: [.one("X", "T"), .one("W", "T"), .optional("B", "T")],
    outputs: [.one("Y", "T")],
    attributes: [
      .string("auto_pad", default: "NOTSET"), .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"),
      .ints("output_padding"), .ints("output_shape"), .ints("pads"), .ints("strides"),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    let (x, w) = try node.convolutionShapes()
    let group = node.attributes.int("group")
    if let channels = x?[1].extent, !(w?[0].agrees(with: .known(channels)) ?? true) || channels % group != 0 {
      throw node.fails(
        1, expected: "\(channels) channels in \(group) groups", found: "\(w?[0] ?? .unknown)",
        because: "X has \(channels) channels")
    }
    var filters = Dimension.unknown
    if let each = w?[1].extent {
      let (product, overflow) = each.multipliedReportingOverflow(by: group)
      guard !overflow else { throw node.fails("attribute group", "is too large: \(group)") }
      filters = .known(product)
    }
    try node.requireVector(2, count: filters, because: "W has \(filters) filters")
    guard let rank = x?.count ?? w?.count else { return [.tensor(type, nil)] }
    let kernel = try node.kernelShape(w, spatialRank: rank - 2)
    let attributes = try node.checked { () throws(KernelError) in
      try WindowAttributes(node.attributes, spatialRank: rank - 2)
    }
    var result = [x?[0] ?? .unknown, filters]
    for axis in 0..<rank - 2 {
      guard let x, let extent = x[axis + 2].extent, let taps = kernel[axis].extent else {
        result.append(.unknown)
        continue
      }
      result.append(
        .known(
          try node.checked { () throws(KernelError) in
            try windows(node.attributes, attributes, axis, input: extent, kernel: taps).input
          }))
    }
    return [.tensor(type, result)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), w = try call.tensor(1)
    let attributes = try WindowAttributes(call.attributes, spatialRank: x.rank - 2)
    var axes: [WindowAxis] = []
    for axis in 0..<x.rank - 2 {
      axes.append(try windows(call.attributes, attributes, axis, input: x.dims[axis + 2], kernel: w.dims[axis + 2]))
    }
    let group = call.attributes.int("group")
    let convolution = Convolution(
      batch: dims[0], group: group, wideChannels: w.dims[1], narrowChannels: w.dims[0] / group, axes: axes)
    var y = Conv.startingFromBias(call.optionalTensor(2)?.doubles(), dims)
    convolution.scatter(narrow: x.doubles(), weights: w.doubles(), into: &y)
    return [Tensor(x.elementType, doubles: y, dims: dims)]
  }

  /// The windows of one axis: each element of X is a window, and they stand on the output.
  private static func windows(
    _ attributes: NodeAttributes, _ window: WindowAttributes, _ axis: Int, input: Int, kernel: Int
  ) throws(KernelError) -> WindowAxis {
    let rank = window.strides.count, stride = window.strides[axis]
    let extra = try WindowAttributes.ints("output_padding", attributes, count: rank, default: 0, smallest: 0)[axis]
    guard kernel >= 1, kernel <= WindowAttributes.largest, input >= 1, input <= WindowAttributes.largest else {
      throw KernelError("spatial axis \(axis) of extent \(input) cannot take a kernel of \(kernel) taps")
    }
    // Both products stay below 2^62.
    let full = stride * (input - 1) + extra
    let (whole, overflow) = full.addingReportingOverflow(window.span(axis, kernel: kernel))
    guard !overflow else { throw KernelError("the output's spatial axis \(axis) is too large") }
    var before = window.pads[axis], after = window.pads[axis + rank], output: Int
    let wanted = attributes.ints("output_shape").flatMap { $0.isEmpty ? nil : $0 }
    switch window.autoPad {
    case _ where wanted != nil:
      // Some exporters count the batch and channel axes too; the standard lists the spatial ones alone.
      guard let wanted, wanted.count == rank || wanted.count == rank + 2, wanted.allSatisfy({ $0 >= 1 }) else {
        throw KernelError("attribute output_shape: expected \(rank) extents of 1 or more, found \(wanted ?? [])")
      }
      output = wanted[wanted.count - rank + axis]
      (before, after) = split(max(0, whole - output), upper: window.autoPad == .sameUpper)
    case .sameUpper, .sameLower:
      output = input * stride
      (before, after) = split(max(0, whole - output), upper: window.autoPad == .sameUpper)
    case .valid:
      (before, after) = (0, 0)
      output = whole
    case .notSet: output = whole - before - after
    }
    guard output >= 0 else {
      throw KernelError("pads take \(before + after) from spatial axis \(axis) of the output, which has \(whole)")
    }
    return WindowAxis(
      input: output, kernel: kernel, stride: stride, dilation: window.dilations[axis], padBefore: before,
      padAfter: after,
      output: input)
  }

  private static func split(_ total: Int, upper: Bool) -> (before: Int, after: Int) {
    upper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
  }
}
