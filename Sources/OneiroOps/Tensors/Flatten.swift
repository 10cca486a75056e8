import OneiroGraph

/// Flatten, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__Flatten.html
///
/// A matrix: the axes before `axis` are its rows, the others its columns.
public enum Flatten: Operator {
  public static let schema = OpSchema(
    "Flatten", since: 23, inputs: [.one("input", "T")], outputs: [.one("output", "T")],
    attributes: [.int("axis", default: 1)], types: ["T": .all])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let input = try node.tensor(0)
    guard let shape = input.shape else { return [.tensor(input.elementType, .unknown(rank: 2))] }
    let axis = try node.checking("attribute axis", try axis(node.attributes, rank: shape.count))
    return [.tensor(input.elementType, [.product(shape[..<axis]), .product(shape[axis...])])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let input = try call.tensor(0)
    let axis = try axis(call.attributes, rank: input.rank)
    guard let rows = Tensor.elementCount(Array(input.dims[..<axis])),
      let columns = Tensor.elementCount(Array(input.dims[axis...]))
    else { throw call.fails("shape \(Shape.text(input.dims)) is too large to flatten") }
    return [input.reshaped([rows, columns])]
  }

  /// The rank itself is a place to cut too; negative ones count from it.
  private static func axis(_ attributes: NodeAttributes, rank: Int) throws(KernelError) -> Int {
    let axis = attributes.int("axis")
    guard axis >= -rank, axis <= rank else { throw KernelError("axis: expected \(-rank) ... \(rank), found \(axis)") }
    return axis < 0 ? axis + rank : axis
  }
}
