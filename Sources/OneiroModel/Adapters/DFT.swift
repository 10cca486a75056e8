import OneiroGraph

extension OpsetAdapters {
  /// DFT 20: attribute axis became an input, and its default moved from 1 to -2.
  static let discreteFourierTransform = OpsetAdapter.node("DFT", to: 20) { (node, context) throws(GraphError) in
    if node.attributes["axis"] == nil { node.attributes["axis"] = .int(1) }
    guard let axis = try context.moveToInput("axis", of: &node) else { return }
    if node.inputs.count == 1 { node.inputs.append("") }
    node.inputs.append(axis)
  }
}
