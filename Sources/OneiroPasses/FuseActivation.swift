import OneiroGraph

/// An activation behind a product or a convolution  →  the fused operator's attribute.
///
///     a ── Gemm ── p ── Reshape ── Gelu ── y        →        a ── FusedGemm <Gelu> ── Reshape ── y
///     x ── Conv ── c ── Relu ── y                   →        x ── FusedConv <Relu> ── y
///
/// Stands back when anything between the two has a second reader or is a graph output.
struct FuseActivation: RewriteRule {
  let name = "fuse-activation"
  let summary = "Relu, Gelu, SiLU, ... of a Gemm or Conv -> FusedGemm, FusedConv"
  let targets: Set<String> = ["Gelu", "HardSwish", "Relu", "SiLU", "Sigmoid", "Tanh"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let x = node.inputs[0], output = node.outputs[0]
    guard let activation = graph.activation(node), graph.types[x]?.elementType == .float32, let dims = graph.dims(x)
    else { return nil }
    var patch = GraphPatch("\(activation) at the end of what \(node.label) reads")
    if let found = ProductBehindViews(of: x, in: graph) {
      guard let fused = fused(found.product, activation) else { return nil }
      patch.replace(found, and: node, by: fused, dims: dims, flat: "\(output)#activated")
      return patch
    }
    let convolutions: Set = ["Conv", "FusedConv", "QuantizedConv", "WeightQuantizedConv"]
    guard let conv = graph.producer(of: x), convolutions.contains(conv.opType),
      graph.onlyReader(of: x) != nil, let fused = fused(conv, activation)
    else { return nil }
    patch.remove(conv, node)
    patch.add(fused.writing(output))
    return patch
  }

  /// `nil` when the node has an activation already.
  private func fused(_ node: Node, _ activation: String) -> Node? {
    guard node.attributes["activation"] == nil else { return nil }
    var attributes = node.attributes
    attributes["activation"] = .string(Array(activation.utf8))
    return Node(
      node.fusedType, domain: Model.oneiroDomain, name: node.name, inputs: node.inputs, outputs: node.outputs,
      attributes: attributes, metadata: node.metadata)
  }
}

extension GraphPatch {
  /// A product, the views behind it and the node that reads those  →  one product that does what the node did, and a
  /// view where the node's result has another shape.
  /// - dims: of the node's result.
  /// - flat: a name for the product's result where there is a view.
  mutating func replace(
    _ found: ProductBehindViews, and node: Node, by product: Node, dims: [Int], flat: String
  ) {
    for view in found.views { remove(view) }
    remove(found.product, node)
    let output = node.outputs[0], isFlat = found.dims == dims
    add(product.writing(isFlat ? output : flat))
    if !isFlat { addReshape(flat, to: dims, output, like: node) }
  }
}

extension Node {
  func writing(_ output: String) -> Node {
    var node = self
    node.outputs = [output]
    return node
  }
}
