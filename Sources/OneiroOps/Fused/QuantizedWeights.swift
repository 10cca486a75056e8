import OneiroGraph

/// What operators of floats with quantized weights have in common: the weights, their scales and zero points are inputs
/// 1 to 3, and what lies around them is as in the operator of floats.
enum QuantizedWeights {
  static let types = ElementTypeSet([.uint8, .int8, .uint4, .int4])
  /// Those of DequantizeLinear.
  static let attributes: [OpSchema.AttributeSchema] = [.int("axis", default: 1), .int("block_size", default: 0)]

  /// - plain: the operator of floats, of inputs x, weights, bias and what is added.
  static func infer(_ node: InferenceContext, as plain: any Operator.Type) throws(GraphError) -> [ValueType] {
    func inner(_ op: any Operator.Type, _ inputs: [Int]) -> Node {
      var inner = node.node
      inner.op = op.schema.op
      inner.inputs = inputs.map { $0 < node.node.inputs.count ? node.node.inputs[$0] : "" }
      inner.attributes = FusedBody.attributes(node, for: op.schema)
      return inner
    }
    func types(_ inputs: [Int]) -> [ValueType?] { inputs.map { node.has($0) ? node.inputs[$0] : nil } }
    let weights = try DequantizeLinear.infer(
      InferenceContext(
        node: inner(DequantizeLinear.self, [1, 2, 3]), schema: DequantizeLinear.schema, inputs: types([1, 2, 3]),
        values: [nil, nil, nil]))
    let given = types([0]) + [weights[0]] + types([4, 5])
    return try plain.infer(
      InferenceContext(
        node: inner(plain, [0, 1, 4, 5]), schema: plain.schema, inputs: given, values: [nil, nil, nil, nil]))
  }

  /// - inputs: the formal names of weights, scale and zero point.
  static func addDequantization(
    to body: inout FusedBody, _ node: InferenceContext, _ inputs: [String], _ output: String
  ) {
    body.add(
      "DequantizeLinear", node.has(3) ? inputs : Array(inputs.prefix(2)), output,
      FusedBody.attributes(node, for: DequantizeLinear.schema))
  }
}
