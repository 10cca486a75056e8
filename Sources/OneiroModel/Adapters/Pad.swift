import OneiroGraph

extension OpsetAdapters {
  /// Pad 2: attribute paddings was named pads.
  static let padName = OpsetAdapter.node("Pad", to: 2) { (node, _) throws(GraphError) in
    node.attributes["pads"] = node.attributes.removeValue(forKey: "paddings")
  }

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
