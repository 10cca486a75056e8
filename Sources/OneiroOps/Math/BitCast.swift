import OneiroGraph

/// BitCast, ai.onnx opset 26: https://onnx.ai/onnx/operators/onnx__BitCast.html
///
/// The same bits as another element type of the same width. What becomes a bool is true unless all its bits are 0.
public enum BitCast: Operator {
  private static let types = ElementTypeSet.all.subtracting(.string)

  public static let schema = OpSchema(
    "BitCast", since: 26, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [.required("to", .int)], types: ["T1": types, "T2": types])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0), to = try node.elementType(attribute: "to", of: types)
    guard to.bitWidth == input.elementType.bitWidth else {
      throw .mismatch(
        node: node.node, "attribute to", expected: "a type of \(input.elementType.bitWidth) bits",
        found: "\(to.name), which has \(to.bitWidth)", because: "the input is \(input.elementType.name)")
    }
    return [.tensor(to, input.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0), to = try call.elementType(attribute: "to")
    guard case .bytes(let storage) = input.contents, to.bitWidth == input.elementType.bitWidth else {
      throw call.fails("cannot see \(input.elementType.name) as \(to.name)")
    }
    if to == .bool { return [Tensor(input.codes().map { $0 != 0 }, dims: input.dims)] }
    return [Tensor(to, dims: input.dims, storage: storage)]
  }
}
