import OneiroGraph

/// Brings one operator from an older opset's meaning to the next one's.
public struct OpsetAdapter: Sendable {
  public let op: OpIdentifier
  /// The first opset with the new meaning: applies to models that import an older one.
  public let to: Int64
  /// The nodes that mean the same in the new opset, in topological order: usually one. They go on through the changes
  /// of later opsets; helpers that the context collects do not, since they are written in the canonical opset at once.
  public let adapt: @Sendable (Node, inout AdapterContext) throws(GraphError) -> [Node]

  public init(
    _ opType: String, to: Int64, _ adapt: @escaping @Sendable (Node, inout AdapterContext) throws(GraphError) -> [Node]
  ) {
    op = OpIdentifier(opType)
    self.to = to
    self.adapt = adapt
  }

  /// For a change that one node can express.
  static func node(
    _ opType: String, to: Int64,
    _ change: @escaping @Sendable (inout Node, inout AdapterContext) throws(GraphError) -> Void
  ) -> OpsetAdapter {
    OpsetAdapter(opType, to: to) { (node, context) throws(GraphError) in
      var changed = node
      try change(&changed, &context)
      return [changed]
    }
  }
}
