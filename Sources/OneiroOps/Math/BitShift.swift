import OneiroGraph

/// BitShift, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__BitShift.html
///
///     Z = X << Y, or X >> Y     with broadcasting; zero once every bit is out
public enum BitShift: Operator {
  public static let schema = OpSchema(
    "BitShift", since: 11, inputs: [.one("X", "T"), .one("Y", "T")], outputs: [.one("Z", "T")],
    attributes: [.required("direction", .string)], types: ["T": .unsignedIntegers])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let direction = node.attributes.string("direction")
    guard ["LEFT", "RIGHT"].contains(direction) else {
      throw .mismatch(node: node.node, "attribute direction", expected: "LEFT or RIGHT", found: direction)
    }
    return [.tensor(try node.elementType(0), try node.broadcast([0, 1]))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    // Swift's shifts take any distance and move in zeros.
    let isLeft = call.attributes.string("direction") == "LEFT"
    return try call.combine(
      floats: { a, _ in a }, ints: { a, _ in a }, unsigned: { isLeft ? $0 << $1 : $0 >> $1 })
  }
}
