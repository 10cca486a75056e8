import OneiroGraph

extension OpsetAdapters {
  /// Slice 10: attributes starts, ends and axes became inputs.
  static let slice = OpsetAdapter.node("Slice", to: 10) { (node, context) throws(GraphError) in
    guard let data = node.inputs.first else { return }
    var inputs = [data]
    for name in ["starts", "ends"] {
      guard let bound = try context.moveToInput(name, of: &node) else {
        throw .invalid(node: node, "attribute \(name)", "is missing")
      }
      inputs.append(bound)
    }
    if let axes = try context.moveToInput("axes", of: &node) { inputs.append(axes) }
    node.inputs = inputs
  }
}
