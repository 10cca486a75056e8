import OneiroGraph

/// A rewrite: looks at one node and what surrounds it, and proposes a patch. It never changes the graph itself.
public protocol RewriteRule: Sendable {
  /// A verb and what it acts on: "fuse-silu".
  var name: String { get }
  /// What becomes of what: "x * Sigmoid(x) -> SiLU(x)".
  var summary: String { get }
  /// Operator types that the pattern is searched from.
  var targets: Set<String> { get }
  /// Whether it is left out of plans that are held to an amount of memory.
  var needsUnboundMemory: Bool { get }
  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch?
}

extension RewriteRule {
  public var needsUnboundMemory: Bool { false }
}

/// A graph as a rewrite sees it: who makes a value, who reads it, what is known of it.
public struct GraphIndex {
  public let graph: Graph
  /// Types of all values, with bound shapes.
  public let types: [String: TensorType]
  private let producers: [String: Int]
  private let readers: [String: [Int]]
  private let kept: Set<String>

  public init(_ graph: Graph, types: [String: TensorType]) {
    self.graph = graph
    self.types = types
    var producers: [String: Int] = [:], readers: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in node.inputs + node.bodies.flatMap({ $0.graph.capturedNames }) {
        let isKnown = readers[input]?.last == index
        if !isKnown { readers[input, default: []].append(index) }
      }
    }
    self.producers = producers
    self.readers = readers
    kept = Set(graph.outputs.map(\.name))
  }

  public func producer(of value: String) -> Node? { producers[value].map { graph.nodes[$0] } }

  /// The one node that reads `value`, when there is just one and the value is no output of the graph.
  public func onlyReader(of value: String) -> Node? {
    guard !kept.contains(value), let found = readers[value], found.count == 1 else { return nil }
    return graph.nodes[found[0]]
  }

  public func readerCount(of value: String) -> Int { readers[value]?.count ?? 0 }
  public func isOutput(_ value: String) -> Bool { kept.contains(value) }
  public func constant(_ value: String) -> Tensor? { graph.initializers[value] }
  public func dims(_ value: String) -> [Int]? { types[value]?.dims }

  /// The number, when `value` is a constant of one element.
  public func scalar(_ value: String) -> Double? {
    guard let tensor = constant(value), tensor.count == 1 else { return nil }
    return tensor.doubles().first
  }

  /// For a node of two inputs one of which is a constant of one element: the other input and the number.
  public func withScalar(_ node: Node) -> (value: String, scalar: Double)? {
    guard node.inputs.count == 2 else { return nil }
    if let number = scalar(node.inputs[1]) { return (node.inputs[0], number) }
    if let number = scalar(node.inputs[0]) { return (node.inputs[1], number) }
    return nil
  }

  /// The input of `node` that is not `value`.
  public func other(_ node: Node, than value: String) -> String? {
    guard node.inputs.count == 2, node.inputs.contains(value) else { return nil }
    return node.inputs[0] == value ? node.inputs[1] : node.inputs[0]
  }

  /// Where a position in the graph has to be for a patch: the index of the node with that key.
  func position(of key: String) -> Int? { producers[key] }
  func readers(of value: String) -> [Int] { readers[value] ?? [] }
}
