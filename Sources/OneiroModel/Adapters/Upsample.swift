import OneiroGraph

extension OpsetAdapters {
  /// Upsample 9: attribute scales became an input.
  static let upsampleScales = OpsetAdapter.node("Upsample", to: 9) { (node, context) throws(GraphError) in
    if let scales = try context.moveToInput("scales", of: &node) { node.inputs.append(scales) }
  }

  /// Upsample became Resize in opset 10, with the same inputs and modes.
  static let upsample = OpsetAdapter.node("Upsample", to: 10) { (node, _) throws(GraphError) in
    node.op = OpIdentifier("Resize")
  }
}
