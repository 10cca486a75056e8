import OneiroGraph

/// Trilu, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Trilu.html
///
/// The upper or lower triangle of each matrix from diagonal `k` on, zero elsewhere.
public enum Trilu: Operator {
  public static let schema = OpSchema(
    "Trilu", since: 14, inputs: [.one("input", "T"), .optional("k", "Tk")], outputs: [.one("output", "T")],
    attributes: [.int("upper", default: 1)], types: ["T": .beforeFloat8, "Tk": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    if let shape = input.shape, shape.count < 2 {
      throw node.fails(0, expected: "a tensor of rank 2 or more", found: input.shapeText)
    }
    return [.tensor(input)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), k = try call.scalarInt(1) ?? 0, isUpper = call.attributes.bool("upper")
    guard input.rank >= 2 else { throw call.fails("expected rank 2 or more, found shape \(Shape.text(input.dims))") }
    let rows = input.dims[input.rank - 2], columns = input.dims[input.rank - 1]
    let source = (0..<input.count).map { index in
      let diagonal = index % columns - index / columns % rows
      return (isUpper ? diagonal >= k : diagonal <= k) ? index : -1
    }
    return [input.gathering(source, dims: input.dims)]
  }
}
