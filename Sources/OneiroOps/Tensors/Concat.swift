import OneiroGraph

/// Concat, ai.onnx opset 13: https://onnx.ai/onnx/operators/onnx__Concat.html
public enum Concat: Operator {
  public static let schema = OpSchema(
    "Concat", since: 13, inputs: [.variadic("inputs", "T")], outputs: [.one("concat_result", "T")],
    attributes: [.required("axis", .int)], types: ["T": .beforeFloat8])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let elementType = try node.elementType(0)
    var result: [Dimension]?
    var length: Int? = 0
    for index in node.inputs.indices {
      guard let shape = try node.shape(index) else { length = nil; continue }
      let axis = try node.axis("axis", rank: shape.count)
      if let known = length, let extent = shape[axis].extent {
        let (sum, overflow) = known.addingReportingOverflow(extent)
        guard !overflow else { throw node.fails(node.subject(index), "makes axis \(axis) too long") }
        length = sum
      } else {
        length = nil
      }
      guard let sofar = result else { result = shape; continue }
      guard sofar.count == shape.count, sofar.indices.allSatisfy({ $0 == axis || sofar[$0].agrees(with: shape[$0]) })
      else {
        throw node.fails(
          index, expected: "shape \(TensorType(elementType, sofar).shapeText) but for axis \(axis)",
          found: TensorType(elementType, shape).shapeText)
      }
      result = zip(sofar, shape).map { $0.merged(with: $1) }
    }
    guard var shape = result else { return [.tensor(elementType, nil)] }
    if node.inputs.count > 1 {
      shape[try node.axis("axis", rank: shape.count)] = length.map(Dimension.known) ?? .unknown
    }
    return [.tensor(elementType, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    var tensors: [Tensor] = []
    for index in call.inputs.indices { tensors.append(try call.tensor(index)) }
    return [try Tensor.concatenating(tensors, axis: call.attributes.int("axis"))]
  }
}
