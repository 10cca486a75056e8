import OneiroGraph

extension OpsetAdapters {
  /// Pad 11: attributes pads and value became inputs.
  static let pad = OpsetAdapter.node("Pad", to: 11) { (node, context) throws(GraphError) in
    guard let data = node.inputs.first else { return }
    guard let pads = try context.moveToInput("pads", of: &node) else {
      throw .invalid(node: node, "attribute pads", "is missing")
    }
    node.inputs = [data, pads]
    if let value = try context.moveToInput("value", of: &node, like: data) { node.inputs.append(value) }
  }
}
