import OneiroGraph

extension OpsetAdapters {
  /// Selu 6: the defaults got more digits, and consumed_inputs is gone.
  static let selu = OpsetAdapter.node("Selu", to: 6) { (node, _) throws(GraphError) in
    node.attributes["consumed_inputs"] = nil
    if node.attributes["alpha"] == nil { node.attributes["alpha"] = .float(1.6732) }
    if node.attributes["gamma"] == nil { node.attributes["gamma"] = .float(1.0507) }
  }
}
