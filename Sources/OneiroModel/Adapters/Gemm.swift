import OneiroGraph

extension OpsetAdapters {
  /// Gemm 7: C is broadcast whenever its shape asks for it; before, an attribute had to allow it.
  static let gemmBroadcast = OpsetAdapter.node("Gemm", to: 7) { (node, _) throws(GraphError) in
    node.attributes["broadcast"] = nil
  }
}
