import OneiroGraph

/// Size, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Size.html
///
/// The number of elements, as a scalar.
public enum Size: Operator {
  public static let schema = OpSchema(
    "Size", since: 23, inputs: [.one("data", "T")], outputs: [.one("size", "T1")], types: ["T": .all, "T1": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] { [.tensor(.int64, dims: [])] }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    [Tensor(scalar: Int64(try call.tensor(0).count))]
  }
}
