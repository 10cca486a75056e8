import OneiroGraph

/// Writes the nodes of derivatives, one operator after the other, under names that no other value has.
struct DerivativeBuilder {
  private let prefix: String
  /// Of the values that are differentiated, as far as they are known.
  let types: [String: TensorType]
  private(set) var nodes: [Node] = []

  init(prefix: String, types: [String: TensorType]) {
    self.prefix = prefix
    self.types = types
  }

  /// Adds a node. Returns: its output.
  mutating func add(
    _ opType: String, domain: String = "", _ inputs: [String], _ attributes: [String: Attribute] = [:]
  ) -> String {
    let output = "\(prefix)\(nodes.count)"
    nodes.append(
      Node(opType, domain: domain, name: output, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  mutating func multiply(_ a: String, _ b: String) -> String { add("Mul", [a, b]) }

  /// A scalar in the element type of `value`.
  mutating func scalar(_ number: Double, like value: String) -> String {
    let constant = add("Constant", [], ["value": .tensor(Tensor(.float64, doubles: [number], dims: []))])
    return add("CastLike", [constant, value])
  }

  mutating func ints(_ values: [Int]) -> String {
    add("Constant", [], ["value": .tensor(Tensor(values.map(Int64.init), dims: [values.count]))])
  }

  mutating func shape(of value: String) -> String { add("Shape", [value]) }
  mutating func ones(like value: String) -> String { full(1, like: value) }
  mutating func zeros(like value: String) -> String { full(0, like: value) }
  private mutating func full(_ number: Double, like value: String) -> String {
    let number = scalar(number, like: value)
    return add("Expand", [number, shape(of: value)])
  }

  /// The sum of several values of one shape.
  mutating func sum(_ values: [String]) -> String {
    var result = values[0]
    for value in values.dropFirst() { result = add("Add", [result, value]) }
    return result
  }

  /// Undoes broadcasting: `gradient` in the shape of `value`.
  mutating func sum(_ gradient: String, to value: String) -> String {
    if let dims = types[value]?.dims, dims == types[gradient]?.dims { return gradient }
    return add("SumTo", domain: Model.oneiroDomain, [gradient, value])
  }

  mutating func reshape(_ value: String, like other: String) -> String {
    add("Reshape", [value, shape(of: other)], ["allowzero": .int(1)])
  }
}
