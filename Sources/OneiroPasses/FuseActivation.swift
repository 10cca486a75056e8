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
      for view in found.views { patch.remove(view) }
      patch.remove(found.product, node)
      let isFlat = found.dims == dims
      patch.add(fused.writing(isFlat ? output : "\(output)#activated"))
      if !isFlat { patch.addReshape("\(output)#activated", to: dims, output, like: node) }
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

extension Node {
  func writing(_ output: String) -> Node {
    var node = self
    node.outputs = [output]
    return node
  }
}
