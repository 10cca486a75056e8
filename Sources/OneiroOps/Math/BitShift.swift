import OneiroGraph

/// BitShift, ai.onnx opset 28: https://onnx.ai/onnx/operators/onnx__BitShift.html
///
///     Z = X << Y, or X >> Y     with broadcasting
///
/// To the right, signed numbers move in copies of their sign. A distance below 0 or past the width moves every bit out.
public enum BitShift: Operator {
  public static let schema = OpSchema(
    "BitShift", since: 11, inputs: [.one("X", "T"), .one("Y", "T")], outputs: [.one("Z", "T")],
    attributes: [.required("direction", .string)], types: ["T": .integers])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let direction = node.attributes.string("direction")
    guard ["LEFT", "RIGHT"].contains(direction) else {
      throw .mismatch(node: node.node, "attribute direction", expected: "LEFT or RIGHT", found: direction)
    }
    return [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    // Swift's shifts take any distance, but a negative one turns them round.
    let isLeft = call.attributes.string("direction") == "LEFT"
    return try call.combine(
      floats: { a, _ in a },
      ints: { isLeft ? ($1 < 0 ? 0 : $0 << $1) : $0 >> ($1 < 0 ? 64 : $1) },
      unsigned: { isLeft ? $0 << $1 : $0 >> $1 })
  }
}
