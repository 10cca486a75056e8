import OneiroGraph

extension OpsetAdapters {
  /// RNN, LSTM and GRU 7: attribute output_sequence is gone; naming the output Y asks for it.
  static let recurrences: [OpsetAdapter] = ["RNN", "LSTM", "GRU"].map { opType in
    .node(opType, to: 7) { (node, _) throws(GraphError) in node.attributes["output_sequence"] = nil }
  }
}
