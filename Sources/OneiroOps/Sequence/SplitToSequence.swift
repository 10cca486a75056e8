import OneiroGraph

/// SplitToSequence, ai.onnx opset 24: https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
///
/// Parts along `axis`: of the sizes in `split`, of one size when it is a scalar (the last may be smaller), or of extent
/// 1 without it; the axis of these goes away when `keepdims` is 0.
public enum SplitToSequence: Operator {
  public static let schema = OpSchema(
    "SplitToSequence", since: 11, inputs: [.one("input", "T"), .optional("split", "I")],
    outputs: [.one("output_sequence", "S")], attributes: [.int("axis", default: 0), .int("keepdims", default: 1)],
    types: ["T": .beforeFloat8, "I": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard var shape = input.shape else { return [.sequence(.tensor(input))] }
    let axis = try node.axis("axis", rank: shape.count)
    if node.has(1) {
      shape[axis] = .unknown
    } else if node.attributes.bool("keepdims") {
      shape[axis] = .known(1)
    } else {
      shape.remove(at: axis)
    }
    return [.sequence(.tensor(input.elementType, shape))]
  }

  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    let input = try call.tensor(0)
    let axis = try call.axis(call.attributes.int("axis"), rank: input.rank), extent = input.dims[axis]
    let type = ValueType.tensor(input.elementType, nil)
    // An empty tensor can have any extent, but the list of its parts has to fit into memory.
    _ = try call.elementCount([extent], of: .complex128)
    guard call.has(1) else {
      let keepsAxis = call.attributes.bool("keepdims")
      var kept = input.dims
      kept[axis] = 1
      let parts = (0..<extent).map { place in
        let part = input.slice(place, axis: axis)
        return Value.tensor(keepsAxis ? part.reshaped(kept) : part)
      }
      return [.sequence(parts, of: type)]
    }
    var sizes = try call.requiredInts(1)
    if try call.tensor(1).rank == 0, let size = sizes.first {
      guard size > 0 else { throw call.fails("split: expected a size above 0, found \(size)") }
      sizes = stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
    }
    guard sizes.allSatisfy({ $0 >= 0 }), Shape.sum(sizes) == extent else {
      throw call.fails("split: expected sizes with the sum \(extent), found \(sizes)")
    }
    return [.sequence(input.splitting(into: sizes, axis: axis).map(Value.tensor), of: type)]
  }
}
