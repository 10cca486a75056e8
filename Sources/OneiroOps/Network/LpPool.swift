import OneiroGraph

/// LpPool, ai.onnx opset 22: https://onnx.ai/onnx/operators/onnx__LpPool.html
///
/// The p-norm of the elements under each window.
public enum LpPool: Operator {
  public static let schema = OpSchema(
    "LpPool", since: 22, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .string("auto_pad", default: "NOTSET"), .int("ceil_mode", default: 0), .ints("dilations"),
      .required("kernel_shape", .ints), .int("p", default: 2), .ints("pads"), .ints("strides"),
    ], types: ["T": .floats])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    try node.requireNorm()
    return [.tensor(try node.pooled())]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let dims = try checkedOutputDims(call)[0]
    let x = try call.tensor(0), p = call.attributes.int("p")
    return [
      try Pooling(call, dims: x.dims).pool(x, dims: dims) { plane, sources, _ in
        lpNorm(sources.lazy.map { plane[$0] }, p: p)
      }
    ]
  }
}
