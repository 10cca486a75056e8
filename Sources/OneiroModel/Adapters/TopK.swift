import OneiroGraph

extension OpsetAdapters {
  /// TopK 10: attribute k became the input K, a vector of one element.
  static let topK = OpsetAdapter.node("TopK", to: 10) { (node, context) throws(GraphError) in
    guard let data = node.inputs.first else { return }
    switch node.attributes.removeValue(forKey: "k") {
    case .int(let k): node.inputs = [data, context.constant(Tensor([k], dims: [1]), for: node, "k")]
    case .reference(let name, kind: .int):
      node.attributes["k"] = .reference(name, kind: .int)
      guard let scalar = try context.moveToInput("k", of: &node) else { return }
      let shape = context.constant(Tensor([Int64(1)], dims: [1]), for: node, "k_shape")
      node.inputs = [data, context.helper("Reshape", [scalar, shape], for: node, "k_vector")]
    default: throw .invalid(node: node, "attribute k", "is missing or no integer")
    }
  }
}
