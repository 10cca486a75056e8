/// A change to a graph that a rewrite proposes: nodes to take out, and nodes that compute the same values in their
/// place. A node is named by its first output, which is unique in a graph.
public struct GraphPatch: Sendable {
  /// What was found, for the log.
  public let reason: String
  public private(set) var removed: [String] = []
  public private(set) var added: [Node] = []
  public private(set) var initializers: [(name: String, tensor: Tensor)] = []

  public init(_ reason: String) { self.reason = reason }

  public mutating func remove(_ nodes: Node...) { removed += nodes.compactMap(\.key) }

  /// Adds a node after those added before; it may write a value that a removed node wrote.
  public mutating func add(_ node: Node) { added.append(node) }

  /// Adds a constant under a name that no other value has, or in the place of a value that a removed node wrote.
  public mutating func addInitializer(_ name: String, _ tensor: Tensor) { initializers.append((name, tensor)) }
}

extension Node {
  /// The first output that has a name: what tells this node from all others of its graph.
  public var key: String? { outputs.first { !$0.isEmpty } }
}
