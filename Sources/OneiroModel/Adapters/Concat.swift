import OneiroGraph

extension OpsetAdapters {
  /// Concat 4: attribute axis has to be given; before, it was 1 by default.
  static let concatAxis = OpsetAdapter.node("Concat", to: 4) { (node, _) throws(GraphError) in
    if node.attributes["axis"] == nil { node.attributes["axis"] = .int(1) }
  }
}
