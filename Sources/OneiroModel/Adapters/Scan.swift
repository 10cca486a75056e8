import OneiroGraph

extension OpsetAdapters {
  /// Scan 9: no batch axis. Before, all values had one in front, and the body ran for each item of the batch: that is a
  /// Scan over the batch, without state, around one over the sequence.
  static let scan = OpsetAdapter("Scan", to: 9) { (node, context) throws(GraphError) in
    guard let lengths = node.inputs.first else { return [node] }
    guard lengths.isEmpty else {
      throw .invalid(node: node, "input 0 \"\(lengths)\"", "sequence_lens of Scan 8 is not supported")
    }
    var inner = node
    inner.name = ""
    inner.inputs = node.inputs.dropFirst().map { _ in context.freshName("\(node.label)/item") }
    inner.outputs = node.outputs.map { _ in context.freshName("\(node.label)/item_result") }
    if let directions = inner.attributes.removeValue(forKey: "directions") {
      inner.attributes["scan_input_directions"] = directions
    }
    let body = Graph(
      "\(node.label)/item", inputs: inner.inputs.map { ValueInfo($0, nil) },
      outputs: inner.outputs.map { ValueInfo($0, nil) },
      nodes: [inner])
    var outer = node
    outer.inputs.removeFirst()
    outer.attributes = ["body": .graph(body), "num_scan_inputs": .int(Int64(outer.inputs.count))]
    return [outer]
  }
}
