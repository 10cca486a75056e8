import OneiroGraph

extension OpsetAdapters {
  /// Reshape 5: attribute shape became an input, and consumed_inputs is gone.
  static let reshape = OpsetAdapter.node("Reshape", to: 5) { (node, context) throws(GraphError) in
    node.attributes["consumed_inputs"] = nil
    guard let data = node.inputs.first else { return }
    guard let shape = try context.moveToInput("shape", of: &node) else {
      throw .invalid(node: node, "attribute shape", "is missing")
    }
    node.inputs = [data, shape]
  }
}
