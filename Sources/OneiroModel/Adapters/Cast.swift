import OneiroGraph

extension OpsetAdapters {
  /// Cast 6: attribute to is the number of an element type; before, its name in capitals.
  static let castName = OpsetAdapter.node("Cast", to: 6) { (node, _) throws(GraphError) in
    guard case .string(let bytes) = node.attributes["to"] else { return }
    let name = String(decoding: bytes, as: UTF8.self)
    guard let type = ElementType(name: name.lowercased()) else {
      throw .mismatch(node: node, "attribute to", expected: "the name of an element type", found: "\"\(name)\"")
    }
    node.attributes["to"] = .int(Int64(type.rawValue))
  }
}
