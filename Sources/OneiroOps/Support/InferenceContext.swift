import OneiroGraph

/// What is known of a node before it runs: types of its inputs, and the values of those that are constant or bound.
public struct InferenceContext: Sendable {
  public let node: Node
  public let attributes: NodeAttributes
  /// One for each input; `nil` for an optional input left out, or one whose type nobody stated.
  public let inputs: [ValueType?]
  /// One for each input: its value, where that is known.
  public let values: [Tensor?]
  /// Infers the outputs of a body from the types of its inputs.
  public let inferBody: @Sendable (Graph, [ValueType?]) throws(GraphError) -> [ValueType?]

  public init(
    node: Node, schema: OpSchema, inputs: [ValueType?], values: [Tensor?],
    inferBody: @escaping @Sendable (Graph, [ValueType?]) throws(GraphError) -> [ValueType?] = {
      (graph, _) throws(GraphError) in graph.outputs.map(\.type)
    }
  ) {
    self.node = node
    attributes = NodeAttributes(node, schema: schema)
    self.inputs = inputs
    self.values = values
    self.inferBody = inferBody
  }

  /// Whether input `index` was given.
  public func has(_ index: Int) -> Bool { index < node.inputs.count && !node.inputs[index].isEmpty }

  /// The tensor type of input `index`.
  public func tensor(_ index: Int) throws(GraphError) -> TensorType {
    guard has(index), let type = inputs[index] else {
      throw .invalid(node: node, subject(index), "is missing or of unknown type")
    }
    guard let tensor = type.tensorType else {
      throw .mismatch(node: node, subject(index), expected: "a tensor", found: "\(type)")
    }
    return tensor
  }

  public func elementType(_ index: Int) throws(GraphError) -> ElementType { try tensor(index).elementType }
  /// The shape of input `index`; `nil` when its rank is not known.
  public func shape(_ index: Int) throws(GraphError) -> [Dimension]? { try tensor(index).shape }

  /// The value of input `index`, if it is known already.
  public func value(_ index: Int) -> Tensor? { has(index) ? values[index] : nil }
  /// The elements of an integer input, if they are known already.
  public func ints(_ index: Int) -> [Int]? { value(index).map { $0.int64s().map(Int.init) } }

  /// Brings an axis into 0 ..< rank (0 ... rank with `inclusive`); negative ones count from the end.
  public func axis(_ axis: Int, rank: Int, _ subject: String = "attribute axis", inclusive: Bool = false)
    throws(GraphError) -> Int
  {
    let bound = inclusive ? rank + 1 : rank
    let low = inclusive ? -rank - 1 : -rank
    guard axis >= low, axis < bound else {
      throw .mismatch(
        node: node, subject, expected: "\(low) ... \(bound - 1)", found: "\(axis)", because: "the rank is \(rank)")
    }
    return axis < 0 ? axis + bound : axis
  }

  /// The axis that integer attribute `name` holds, in 0 ..< rank.
  public func axis(_ name: String, rank: Int) throws(GraphError) -> Int {
    try axis(attributes.int(name), rank: rank, "attribute \(name)")
  }

  /// `input X "name"`, as errors call it.
  public func subject(_ index: Int) -> String {
    "input \(index)\(index < node.inputs.count && !node.inputs[index].isEmpty ? " \"\(node.inputs[index])\"" : "")"
  }

  public func fails(_ index: Int, expected: String, found: String, because: String? = nil) -> GraphError {
    .mismatch(node: node, subject(index), expected: expected, found: found, because: because)
  }
  public func fails(_ subject: String?, _ sentence: String) -> GraphError { .invalid(node: node, subject, sentence) }

  /// The shape that the inputs broadcast to (numpy's rule); `nil` when a rank is not known.
  public func broadcast(_ indices: [Int]) throws(GraphError) -> [Dimension]? {
    var shapes: [(index: Int, shape: [Dimension])] = []
    for index in indices {
      guard let shape = try shape(index) else { return nil }
      shapes.append((index, shape))
    }
    return try broadcast(shapes: shapes)
  }

  /// The same for shapes that are parts of those of the inputs named beside them.
  public func broadcast(shapes: [(index: Int, shape: [Dimension])]) throws(GraphError) -> [Dimension] {
    var result: [Dimension] = []
    for (index, shape) in shapes {
      let longer = max(shape.count, result.count)
      let padded = { (dims: [Dimension]) in [Dimension](repeating: .known(1), count: longer - dims.count) + dims }
      let (left, right) = (padded(result), padded(shape))
      result = []
      for (a, b) in zip(left, right) {
        switch (a, b) {
        case (.known(1), let other), (let other, .known(1)): result.append(other)
        case (.known(let a), .known(let b)) where a != b:
          throw fails(
            index, expected: "a shape that broadcasts to \(TensorType(.float32, left).shapeText)",
            found: TensorType(.float32, shape).shapeText)
        case (.known, _): result.append(a)
        case (_, .known): result.append(b)
        default: result.append(a == b ? a : .unknown)
        }
      }
    }
    return result
  }
}

extension TensorType {
  /// The shape alone: `[2,?,N]`, or `[...]` when the rank is unknown.
  public var shapeText: String { shape.map { "[\($0.map(\.description).joined(separator: ","))]" } ?? "[...]" }
}
