import OneiroGraph

/// LRN, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__LRN.html
///
///     Y = X / (bias + alpha / size * sum of squares over `size` neighbouring channels) ^ beta
public enum LRN: Operator {
  public static let schema = OpSchema(
    "LRN", since: 13, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .float("alpha", default: 1e-4), .float("beta", default: 0.75), .float("bias", default: 1),
      .required("size", .int),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let size = node.attributes.int("size")
    guard size >= 1 else { throw node.fails("attribute size", "expected 1 or more, found \(size)") }
    return [.tensor(try node.channelled([]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), input = x.doubles(), plane = dims[2...].reduce(1, *), channels = dims[1]
    let size = call.attributes.int("size"), beta = call.attributes.float("beta"), bias = call.attributes.float("bias")
    let factor = call.attributes.float("alpha") / Double(size)
    // More neighbours than channels are no different from all channels.
    let below = min((size - 1) / 2, channels), above = min(size / 2, channels)
    var output = input
    for index in input.indices {
      let channel = index / plane % channels
      var squares = 0.0
      for neighbour in max(0, channel - below)...min(channels - 1, channel + above) {
        let value = input[index + (neighbour - channel) * plane]
        squares += value * value
      }
      output[index] = input[index] / power(bias + factor * squares, beta)
    }
    return [Tensor(x.elementType, doubles: output, dims: dims)]
  }
}
