import OneiroGraph

/// ConstantOfShape, ai.onnx opset 23: https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html
///
/// `value`, a tensor of one element (float 0 when left out), everywhere.
public enum ConstantOfShape: Operator {
  public static let schema = OpSchema(
    "ConstantOfShape", since: 23, inputs: [.one("input", "T1")], outputs: [.one("output", "T2")],
    attributes: [.optional("value", .tensor)],
    types: ["T1": .int64, "T2": ElementTypeSet.all.subtracting(.string).subtracting(.complex)])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let value = try node.checking("attribute value", try element(node.attributes))
    if let dims = node.ints(0) {
      guard Tensor.elementCount(dims) != nil else {
        throw node.fails(0, expected: "extents from 0 up whose product can be counted", found: Shape.text(dims))
      }
      return [.tensor(value.elementType, dims: dims)]
    }
    return [.tensor(value.elementType, try node.shape(0)?.first?.extent.map { .unknown(rank: $0) })]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let value = try element(call.attributes), dims = try call.requiredInts(0)
    let count = try call.elementCount(dims, of: value.elementType)
    return [value.gathering([Int](repeating: 0, count: count), dims: dims)]
  }

  private static func element(_ attributes: NodeAttributes) throws(KernelError) -> Tensor {
    let value = attributes.tensor("value") ?? Tensor([Float(0)], dims: [1])
    guard value.count == 1 else { throw KernelError("expected one element, found \(value.count)") }
    return value
  }
}
