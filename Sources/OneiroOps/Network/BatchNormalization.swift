import OneiroGraph

/// BatchNormalization, ai.onnx opset 15: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
///
///     Y = (X - mean) / sqrt(var + epsilon) * scale + B     for each channel
///
/// Mean and variance are inputs, or with training_mode those of X itself; then the running ones are moved towards them.
public enum BatchNormalization: Operator {
  public static let schema = OpSchema(
    "BatchNormalization", since: 15,
    inputs: [.one("X", "T"), .one("scale", "T1"), .one("B", "T1"), .one("input_mean", "T2"), .one("input_var", "T2")],
    outputs: [.one("Y", "T"), .optional("running_mean", "T2"), .optional("running_var", "T2")],
    attributes: [
      .float("epsilon", default: 1e-5), .float("momentum", default: 0.9), .int("training_mode", default: 0),
    ],
    types: ["T": .floats, "T1": .floats, "T2": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    // The standard lets X be a vector, a batch of one channel.
    let channels: Dimension? = x.shape.map { $0.count > 1 ? $0[1] : .known(1) }
    if let channels {
      for index in 1...4 { try node.requireVector(index, count: channels, because: "X has \(channels) channels") }
    }
    let statistics = ValueType.tensor(try node.elementType(3), [channels ?? .unknown])
    return [.tensor(x), statistics, statistics]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)
    let x = try call.tensor(0), channels = dims[1][0], plane = x.dims.dropFirst(2).reduce(1, *)
    let statisticsType = try call.tensor(3).elementType
    var values = x.doubles(), mean = try call.tensor(3).doubles(), variance = try call.tensor(4).doubles()
    var runningMean = mean, runningVariance = variance
    if call.attributes.bool("training_mode"), !values.isEmpty {
      let momentum = call.attributes.float("momentum")
      for channel in 0..<channels {
        (mean[channel], variance[channel]) = statistics(values, channel, of: channels, plane: plane)
        runningMean[channel] = runningMean[channel] * momentum + mean[channel] * (1 - momentum)
        runningVariance[channel] = runningVariance[channel] * momentum + variance[channel] * (1 - momentum)
      }
    }
    let scale = try call.tensor(1).doubles(), bias = try call.tensor(2).doubles(),
      epsilon = call.attributes.float("epsilon")
    scaleChannels(&values, scale: mean.map { _ in 1 }, bias: mean.map { -$0 }, plane: plane)
    scaleChannels(
      &values, scale: zip(scale, variance).map { $0 / ($1 + epsilon).squareRoot() }, bias: bias, plane: plane)
    return [
      Tensor(x.elementType, doubles: values, dims: x.dims),
      Tensor(statisticsType, doubles: runningMean, dims: dims[1]),
      Tensor(statisticsType, doubles: runningVariance, dims: dims[2]),
    ]
  }

  /// Mean and population variance of one channel over batch and plane.
  private static func statistics(_ values: [Double], _ channel: Int, of channels: Int, plane: Int) -> (Double, Double) {
    let starts = stride(from: channel * plane, to: values.count, by: channels * plane)
    let count = Double(values.count / channels)
    var sum = 0.0, squares = 0.0
    for start in starts { for index in start..<start + plane { sum += values[index] } }
    let mean = sum / count
    for start in starts {
      for index in start..<start + plane { squares += (values[index] - mean) * (values[index] - mean) }
    }
    return (mean, squares / count)
  }
}
