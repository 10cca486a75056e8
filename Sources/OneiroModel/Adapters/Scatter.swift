import OneiroGraph

extension OpsetAdapters {
  /// Scatter was named ScatterElements in opset 11.
  static let scatter = OpsetAdapter.node("Scatter", to: 11) { (node, _) throws(GraphError) in
    node.op = OpIdentifier("ScatterElements")
  }
}
