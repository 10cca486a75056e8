import OneiroGraph

/// Writes a network's graph node by node. A value bears the name of the module that makes it in the checkpoint
/// ("input_blocks.1.0.in_layers.2"), and so does its node, so that a value can be looked up in either.
struct NetworkBuilder {
  typealias ValueName = String

  private var graph: Graph
  private var weights: [Network.Weight] = []
  private var weightNames: Set<String> = []
  private var constants: Set<String> = []
  let ledger: WeightLedger
  /// What the names of this network's tensors begin with in the checkpoint; dropped in the graph.
  let prefix: String

  init(_ name: String, prefix: String, ledger: WeightLedger) {
    graph = Graph(name)
    self.prefix = prefix
    self.ledger = ledger
  }

  /// An input of the graph.
  mutating func input(_ name: String, _ shape: [Dimension], of type: ElementType = .float32) -> ValueName {
    graph.inputs.append(ValueInfo(name, .tensor(type, shape)))
    return name
  }

  /// Makes `value` an output of the graph, which calls it `name` from then on.
  mutating func output(_ name: String, _ value: ValueName, _ shape: [Dimension]) {
    let rename = { (other: String) in other == value ? name : other }
    for index in graph.nodes.indices {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map(rename)
      graph.nodes[index].outputs = graph.nodes[index].outputs.map(rename)
    }
    graph.outputs.append(ValueInfo(name, .tensor(.float32, shape)))
  }

  func network() -> Network { Network(graph: graph, weights: weights) }

  /// A node with one output, which is called as the node.
  mutating func node(
    _ opType: String, _ inputs: [ValueName], _ name: String, _ attributes: [String: Attribute] = [:]
  ) -> ValueName {
    graph.nodes.append(Node(opType, name: name, inputs: inputs, outputs: [name], attributes: attributes))
    return name
  }

  /// A node with several outputs: `name.0`, `name.1`, ...
  mutating func node(
    _ opType: String, _ inputs: [ValueName], _ name: String, outputs: Int, _ attributes: [String: Attribute] = [:]
  ) -> [ValueName] {
    let values = (0..<outputs).map { "\(name).\($0)" }
    graph.nodes.append(Node(opType, name: name, inputs: inputs, outputs: values, attributes: attributes))
    return values
  }

  /// The checkpoint's tensor `prefix + name` as an initializer `name`.
  /// - dims: its shape in the checkpoint.
  /// - form: what the graph takes of it.
  mutating func weight(
    _ name: String, _ dims: [Int], form: (CheckpointTensor) -> CheckpointTensor = { $0 }
  ) throws(GraphError) -> ValueName {
    guard weightNames.insert(name).inserted else { return name }
    weights.append(Network.Weight(name: name, tensor: form(try ledger.take(prefix + name, dims))))
    return name
  }

  func has(_ name: String) -> Bool { ledger.has(prefix + name) }

  /// A small table as an initializer; equal ones of one name are there once.
  mutating func constant(_ name: String, _ tensor: @autoclosure () -> Tensor) -> ValueName {
    if constants.insert(name).inserted { graph.addInitializer(name, tensor()) }
    return name
  }

  /// A shape or axes. `0` keeps an axis and `-1` takes what is left, as in Reshape.
  mutating func integers(_ values: [Int]) -> ValueName {
    let name = "int64." + (values.isEmpty ? "none" : values.map { $0 < 0 ? "n\(-$0)" : "\($0)" }.joined(separator: "_"))
    return constant(name, Tensor(values.map(Int64.init), dims: [values.count]))
  }

  mutating func scalar(_ value: Float) -> ValueName { constant("float.\(value)", Tensor(scalar: value)) }
}
