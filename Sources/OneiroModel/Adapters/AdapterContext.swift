import OneiroGraph

/// What an adapter may ask for beside its node: new names, constants, and what the file states about values.
public struct AdapterContext: Sendable {
  /// What belongs to one graph, and is another thing in the bodies of its nodes.
  struct Scope {
    /// What the file states about the values that the graph sees.
    var types: [String: ValueType] = [:]
    /// Constants that the graph's adapted nodes read, in the order they were asked for.
    var constants: [(name: String, value: Tensor)] = []
  }

  var scope = Scope()
  /// Nodes that have to run before the one that is being changed.
  var helpers: [Node] = []
  /// Names of values anywhere in the model, so that a new one hides nothing.
  private var used: Set<String>

  init(used: Set<String>) { self.used = used }

  /// A value name that the model does not use yet, and that tells where it comes from.
  public mutating func freshName(_ base: String) -> String {
    var name = base, number = 1
    while !used.insert(name).inserted {
      number += 1
      name = "\(base)_\(number)"
    }
    return name
  }

  /// The name of a new constant; `owner` is the node that reads it.
  public mutating func constant(_ value: Tensor, for owner: Node, _ role: String) -> String {
    let name = freshName("\(owner.label)/\(role)")
    scope.constants.append((name, value))
    return name
  }

  /// A number in the element type of value `name`, as a scalar: directly when the file states that type, or by a
  /// CastLike.
  public mutating func constant(_ number: Float, like name: String, for owner: Node, _ role: String) -> String {
    if let type = scope.types[name]?.tensorType?.elementType, type.isFloatingPoint || type.isInteger {
      return constant(Tensor(type, doubles: [Double(number)], dims: []), for: owner, role)
    }
    return castLike(constant(Tensor(scalar: number), for: owner, role), name, for: owner, role)
  }

  /// Takes attribute `name` from the node and gives the value name that holds it as a tensor instead: a scalar for one
  /// number, a vector for a list; `nil` when the node does not have it. Inside a function the attribute may stand for
  /// one of the caller's, which a Constant node can hold.
  /// - like: the value whose element type a float has to get.
  mutating func moveToInput(_ name: String, of node: inout Node, like: String? = nil) throws(GraphError) -> String? {
    guard let attribute = node.attributes.removeValue(forKey: name) else { return nil }
    switch attribute {
    case .int(let value): return constant(Tensor(scalar: value), for: node, name)
    case .ints(let values): return constant(Tensor(values, dims: [values.count]), for: node, name)
    case .floats(let values): return constant(Tensor(values, dims: [values.count]), for: node, name)
    case .float(let value):
      guard let like else { return constant(Tensor(scalar: value), for: node, name) }
      return constant(value, like: like, for: node, name)
    case .reference(_, let kind):
      let attributeName: String
      switch kind {
      case .int: attributeName = "value_int"
      case .ints: attributeName = "value_ints"
      case .float: attributeName = "value_float"
      case .floats: attributeName = "value_floats"
      default: throw .invalid(node: node, "attribute \(name)", "refers to an attribute that is no number")
      }
      let output = helper("Constant", [], for: node, name, [attributeName: attribute])
      return like.map { castLike(output, $0, for: node, name) } ?? output
    default: throw .mismatch(node: node, "attribute \(name)", expected: "numbers", found: "\(attribute.kind)")
    }
  }

  /// The result of a new node that runs before `owner`, and that is written in the meaning of the canonical opset.
  mutating func helper(
    _ opType: String, _ inputs: [String], for owner: Node, _ role: String, _ attributes: [String: Attribute] = [:]
  ) -> String {
    let output = freshName("\(owner.label)/\(role)")
    helpers.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  /// Value `name`, numbers of any type and shape, as a vector of int64.
  mutating func integers(_ name: String, for owner: Node, _ role: String) -> String {
    let vector = constant(Tensor([Int64(-1)], dims: [1]), for: owner, "vector")
    let cast = helper("Cast", [name], for: owner, "\(role)_int64", ["to": .int(Int64(ElementType.int64.rawValue))])
    return helper("Reshape", [cast, vector], for: owner, "\(role)_vector")
  }

  /// The rank of value `name`, where the file states it.
  public func rank(of name: String) -> Int? { scope.types[name]?.tensorType?.shape?.count }

  private mutating func castLike(_ source: String, _ target: String, for owner: Node, _ role: String) -> String {
    helper("CastLike", [source, target], for: owner, "\(role)_cast")
  }
}
