import OneiroGraph

extension OpsetAdapters {
  /// Clip 11: attributes min and max became inputs of the data's element type.
  static let clip = OpsetAdapter.node("Clip", to: 11) { (node, context) throws(GraphError) in
    guard let data = node.inputs.first else { return }
    let low = try context.moveToInput("min", of: &node, like: data)
    let high = try context.moveToInput("max", of: &node, like: data)
    node.inputs = [data] + (high.map { [low ?? "", $0] } ?? low.map { [$0] } ?? [])
  }
}
