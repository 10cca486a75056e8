import OneiroGraph

/// DynamicQuantizeLinear, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
///
///     y_scale = (max(0, max(x)) - min(0, min(x))) / 255
///     y_zero_point = round(saturate(-min(0, min(x)) / y_scale))
///     y = saturate(round(x / y_scale) + y_zero_point)
///
/// Every step is rounded to float32, as the scale itself is. A tensor of zeros has scale 1.
public enum DynamicQuantizeLinear: Operator {
  public static let schema = OpSchema(
    "DynamicQuantizeLinear", since: 11, inputs: [.one("x", "T1")],
    outputs: [.one("y", "T2"), .one("y_scale", "TS"), .one("y_zero_point", "T2")],
    types: ["T1": ElementTypeSet([.float32]), "T2": ElementTypeSet([.uint8]), "TS": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    [.tensor(.uint8, try node.shape(0)), .tensor(.float32, dims: []), .tensor(.uint8, dims: [])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), values = x.doubles()
    let low = values.reduce(0, min), high = values.reduce(0, max)
    let width = ((high - low).rounded(as: .float32) / 255).rounded(as: .float32)
    let scale = width == 0 ? 1 : width
    let zeroPoint = min(255, max(0, (-low / scale).rounded(as: .float32))).rounded(.toNearestOrEven)
    let quantized = values.map { ($0 / scale).rounded(as: .float32).rounded(.toNearestOrEven) + zeroPoint }
    return [
      Tensor(.uint8, quantized: quantized, dims: x.dims), Tensor(.float32, doubles: [scale], dims: []),
      Tensor(.uint8, quantized: [zeroPoint], dims: []),
    ]
  }
}
