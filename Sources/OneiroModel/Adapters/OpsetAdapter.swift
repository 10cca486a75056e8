import OneiroGraph

/// Brings one operator from an older opset's meaning to the next one's.
public struct OpsetAdapter: Sendable {
  public let op: OpIdentifier
  /// The first opset with the new meaning: applies to models that import an older one.
  public let to: Int64
  /// The nodes that mean the same in the new opset, in topological order: usually one, sometimes helpers with it. Helpers
  /// are written in the meaning of the canonical opset.
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
      let earlier = context.helpers.count
      try change(&changed, &context)
      let helpers = Array(context.helpers[earlier...])
      context.helpers.removeSubrange(earlier...)
      return helpers + [changed]
    }
  }
}
