import OneiroGraph

/// AveragePool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__AveragePool.html
///
/// The mean under each window: over the elements alone, or with count_include_pad over the zeros of the padding too.
public enum AveragePool: Operator {
  public static let schema = OpSchema(
    "AveragePool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .string("auto_pad", default: "NOTSET"), .int("ceil_mode", default: 0), .int("count_include_pad", default: 0),
      .ints("dilations"), .required("kernel_shape", .ints), .ints("pads"), .ints("strides"),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(try node.pooled())] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), countsPadding = call.attributes.bool("count_include_pad")
    return [
      try Pooling(call, dims: x.dims).pool(x, dims: dims) { plane, sources, paddedCount in
        let count = countsPadding ? paddedCount : sources.count
        // A window on padding alone: 0 / 0 would be NaN, and zeros are what it lies on.
        return count == 0 ? 0 : sources.reduce(0) { $0 + plane[$1] } / Double(count)
      }
    ]
  }
}
