import OneiroGraph

extension OpsetAdapters {
  /// LpPool and GlobalLpPool 2: attribute p is a whole number; before, any.
  static let norms: [OpsetAdapter] = ["LpPool", "GlobalLpPool"].map { opType in
    .node(opType, to: 2) { (node, _) throws(GraphError) in
      guard case .float(let p) = node.attributes["p"] else { return }
      guard let whole = Int64(exactly: p) else {
        throw .mismatch(node: node, "attribute p", expected: "a whole number, as since opset 2", found: "\(p)")
      }
      node.attributes["p"] = .int(whole)
    }
  }
}
