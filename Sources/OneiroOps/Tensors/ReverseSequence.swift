import OneiroGraph

/// ReverseSequence, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
///
/// For each batch, the first `sequence_lens[batch]` steps in reverse and the rest as they are.
public enum ReverseSequence: Operator {
  public static let schema = OpSchema(
    "ReverseSequence", since: 10, inputs: [.one("input", "T"), .one("sequence_lens", "Tlens")],
    outputs: [.one("Y", "T")],
    attributes: [.int("time_axis", default: 0), .int("batch_axis", default: 1)],
    types: ["T": .beforeFloat8, "Tlens": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    _ = try node.checking(nil, try axes(node.attributes))
    if let shape = input.shape, shape.count < 2 {
      throw node.fails(0, expected: "a tensor of rank 2 or more", found: input.shapeText)
    }
    return [.tensor(input)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), lengths = try call.requiredInts(1), (time, batch) = try axes(call.attributes)
    guard input.rank >= 2 else { throw call.fails("expected rank 2 or more, found shape \(Shape.text(input.dims))") }
    let steps = input.dims[time]
    guard lengths.count == input.dims[batch], lengths.allSatisfy({ $0 >= 0 && $0 <= steps }) else {
      throw call.fails("sequence_lens: expected \(input.dims[batch]) numbers in 0 ... \(steps), found \(lengths)")
    }
    let strides = Shape.strides(input.dims)
    let source = (0..<input.count).map { index in
      let step = index / strides[time] % steps, length = lengths[index / strides[batch] % input.dims[batch]]
      return step < length ? index + (length - 1 - 2 * step) * strides[time] : index
    }
    return [input.gathering(source, dims: input.dims)]
  }

  private static func axes(_ attributes: NodeAttributes) throws(KernelError) -> (time: Int, batch: Int) {
    let time = attributes.int("time_axis"), batch = attributes.int("batch_axis")
    guard (time, batch) == (0, 1) || (time, batch) == (1, 0) else {
      throw KernelError("time_axis and batch_axis: expected 0 and 1 or 1 and 0, found \(time) and \(batch)")
    }
    return (time, batch)
  }
}
