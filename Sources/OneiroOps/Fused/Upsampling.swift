import OneiroGraph

/// What convolutions that enlarge their input by two first have in common.
enum Upsampling {
  private static let factor = 2

  /// What `convolution` infers of the enlarged input.
  static func infer(
    _ node: InferenceContext, as convolution: any Operator.Type
  ) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    guard x.shape.map({ $0.count == 4 }) ?? true else { throw node.fails(0, expected: "rank 4", found: "\(x)") }
    var shape = x.shape
    for axis in 2..<4 {
      guard case .known(let extent)? = shape?[axis] else {
        if shape != nil { shape?[axis] = .unknown }
        continue
      }
      let (enlarged, overflow) = extent.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw node.fails(0, expected: "an image that can be enlarged", found: "\(x)") }
      shape?[axis] = .known(enlarged)
    }
    var inner = node.node
    inner.op = convolution.schema.op
    return try convolution.infer(
      InferenceContext(
        node: inner, schema: convolution.schema,
        inputs: [.tensor(TensorType(x.elementType, shape))] + node.inputs.dropFirst(), values: node.values))
  }

  /// - inputs: formal names, one for each input that the schema has.
  static func body(
    _ node: InferenceContext, _ schema: OpSchema, as convolution: any Operator.Type, inputs: [String]
  ) throws(GraphError) -> Graph {
    var body = FusedBody(node, schema, inputs: inputs, output: try infer(node, as: convolution)[0])
    body.add(initializer: "scales", Tensor([1, 1, Float(factor), Float(factor)], dims: [4]))
    body.add(
      "Resize", ["X", "", "scales"], "enlarged",
      [
        "mode": .string(Array("nearest".utf8)), "nearest_mode": .string(Array("floor".utf8)),
        "coordinate_transformation_mode": .string(Array("asymmetric".utf8)),
      ])
    let given = inputs.indices.map { node.has($0) ? inputs[$0] : "" }
    body.add(
      convolution.schema.op.opType, domain: Model.oneiroDomain, ["enlarged"] + given.dropFirst(), "Y",
      node.node.attributes)
    return body.graph
  }
}
