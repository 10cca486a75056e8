import OneiroGraph

extension OpsetAdapters {
  /// Upsample 7: one list of scales for the axes N, C, H, W; before, an attribute for each of the last two.
  static let upsampleAxes = OpsetAdapter.node("Upsample", to: 7) { (node, _) throws(GraphError) in
    guard case .float(let height) = node.attributes.removeValue(forKey: "height_scale"),
      case .float(let width) = node.attributes.removeValue(forKey: "width_scale")
    else { throw .invalid(node: node, "attributes height_scale and width_scale", "are missing or no numbers") }
    node.attributes["scales"] = .floats([1, 1, height, width])
    if case .string(let mode) = node.attributes["mode"], mode == Array("bilinear".utf8) {
      node.attributes["mode"] = .string("linear")
    }
  }

  /// Upsample 9: attribute scales became an input.
  static let upsampleScales = OpsetAdapter.node("Upsample", to: 9) { (node, context) throws(GraphError) in
    if let scales = try context.moveToInput("scales", of: &node) { node.inputs.append(scales) }
  }

  /// Upsample became Resize in opset 10, with the same inputs and modes.
  static let upsample = OpsetAdapter.node("Upsample", to: 10) { (node, _) throws(GraphError) in
    node.op = OpIdentifier("Resize")
  }
}
