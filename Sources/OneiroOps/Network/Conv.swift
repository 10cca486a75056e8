import OneiroGraph

/// Conv, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__Conv.html
///
///     Y[n,m,o] = B[m] + sum over c, k of W[m,c,k] * X[n, g*C/group + c, o * stride + k * dilation - pad]
///
/// X: [N, C, spatial...]; W: [M, C/group, kernel...]; g is the group that output channel m belongs to.
public enum Conv: Operator {
  public static let schema = OpSchema(
    "Conv", since: 22, inputs: [.one("X", "T"), .one("W", "T"), .optional("B", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .string("auto_pad", default: "NOTSET"), .ints("dilations"), .int("group", default: 1), .ints("kernel_shape"),
      .ints("pads"), .ints("strides"),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(0)
    let (x, w) = try node.convolutionShapes()
    let filters = w?[0] ?? .unknown
    if let w { try checkChannels(node, x: x?[1] ?? .unknown, w) }
    try node.requireVector(2, count: filters, because: "W has \(filters) filters")
    guard let rank = x?.count ?? w?.count else { return [.tensor(type, nil)] }
    let kernel = try node.kernelShape(w, spatialRank: rank - 2)
    let spatial = x.map { Array($0[2...]) } ?? [Dimension](repeating: .unknown, count: rank - 2)
    let windows = try node.checked { () throws(KernelError) in
      try WindowAttributes(node.attributes, spatialRank: rank - 2).outputs(spatial, kernel: kernel)
    }
    return [.tensor(type, [x?[0] ?? .unknown, filters] + windows)]
  }

  static func checkChannels(_ node: InferenceContext, x: Dimension, _ w: [Dimension]) throws(GraphError) {
    let group = node.attributes.int("group")
    if let channels = x.extent, let each = w[1].extent, channels % group != 0 || channels / group != each {
      throw node.fails(
        1, expected: channels % group == 0 ? "\(channels / group) channels" : "a group that divides \(channels)",
        found: "\(each) channels", because: "X has \(channels) channels in \(group) group\(group == 1 ? "" : "s")")
    }
    if let filters = w[0].extent, filters % group != 0 {
      throw node.fails(1, expected: "a multiple of group \(group) filters", found: "\(filters)")
    }
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), w = try call.tensor(1)
    let attributes = try WindowAttributes(call.attributes, spatialRank: x.rank - 2)
    let axes = try attributes.axes(Array(x.dims[2...]), kernel: Array(w.dims[2...]))
    let group = call.attributes.int("group")
    let convolution = Convolution(
      batch: dims[0], group: group, wideChannels: w.dims[1], narrowChannels: w.dims[0] / group, axes: axes)
    var y = startingFromBias(call.optionalTensor(2)?.doubles(), dims)
    convolution.gather(wide: x.doubles(), weights: w.doubles(), into: &y)
    return [Tensor(x.elementType, doubles: y, dims: dims)]
  }

  /// [N, M, spatial...] filled with the bias of each channel, or with zeros.
  static func startingFromBias(_ bias: [Double]?, _ dims: [Int]) -> [Double] {
    let plane = dims[2...].reduce(1, *)
    guard let bias else { return [Double](repeating: 0, count: dims[0] * dims[1] * plane) }
    return (0..<dims[0]).flatMap { _ in bias.flatMap { [Double](repeating: $0, count: plane) } }
  }
}
