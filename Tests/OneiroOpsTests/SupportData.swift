import OneiroGraph
import OneiroOps
import Testing

/// One operator run by hand: what it computes, and what it says of the result beforehand.
struct OneNode {
  var op: any Operator.Type
  var attributes: [String: Attribute] = [:]
  /// `nil` is an optional input left out.
  var inputs: [Value?] = []
  var outputCount = 1
  var runBody: @Sendable (Graph, [Value]) throws(KernelError) -> [Value] = { (_, _) throws(KernelError) in
    throw KernelError("this test has no body")
  }

  init(_ op: any Operator.Type, _ inputs: [Tensor?] = [], _ attributes: [String: Attribute] = [:], outputCount: Int = 1)
  {
    self.op = op
    self.attributes = attributes
    self.inputs = inputs.map { $0.map(Value.tensor) }
    self.outputCount = outputCount
  }

  private var node: Node {
    Node(
      op.schema.op.opType, name: "n", inputs: inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" },
      outputs: (0..<outputCount).map { "y\($0)" }, attributes: attributes)
  }

  func run() throws(KernelError) -> [Value?] {
    try op.evaluate(KernelCall(node: node, schema: op.schema, inputs: inputs, runBody: runBody))
  }

  /// The outputs, after checking that inference foretold exactly their types.
  func tensors(sourceLocation: SourceLocation = #_sourceLocation) throws -> [Tensor] {
    let tensors = try run().compactMap { $0?.tensor }
    for (tensor, type) in zip(tensors, try infer()) {
      #expect(type == .tensor(tensor.elementType, dims: tensor.dims), sourceLocation: sourceLocation)
    }
    return tensors
  }

  /// - knowsValues: whether the values of the inputs are known, or only their types.
  func infer(knowsValues: Bool = true) throws(GraphError) -> [ValueType] {
    try infer(types: inputs.map { $0?.type }, knowsValues: knowsValues)
  }

  func infer(types: [ValueType?], knowsValues: Bool = true) throws(GraphError) -> [ValueType] {
    try op.infer(
      InferenceContext(
        node: node, schema: op.schema, inputs: types, values: inputs.map { knowsValues ? $0?.tensor : nil }))
  }
}

func ints(_ elements: [Int64], _ dims: [Int]? = nil) -> Tensor { Tensor(elements, dims: dims ?? [elements.count]) }
/// 0, 1, 2, ... in shape `dims`.
func counting(_ dims: Int...) -> Tensor { floats((0..<dims.reduce(1, *)).map(Float.init), dims) }
