import OneiroGraph

/// A GEGLU between two quantized products  →  ai.oneiro.QuantizedGEGLU, whose floats nobody sees
///
///     a ── QuantizedGemm ── p ── Reshape ── GEGLU ── g ── QuantizeLinear ── y
///                                                →    a ── QuantizedGEGLU ── Reshape ── y
///
/// Stands back when anything on the way has a second reader or is a graph output, when the product ends with something
/// else already or has unsigned weights, and when y has more than one scale.
struct FuseQuantizedGEGLU: RewriteRule {
  let name = "fuse-quantized-geglu"
  let summary = "QuantizedGemm, GEGLU, QuantizeLinear -> QuantizedGEGLU"
  let targets: Set<String> = ["GEGLU"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.domain == Model.oneiroDomain, let reader = graph.onlyReader(of: node.outputs[0]),
      let ending = QuantizedEnding(reader, in: graph), let dims = graph.dims(reader.outputs[0]),
      let found = ProductBehindViews(of: node.inputs[0], in: graph), found.product.opType == "QuantizedGemm",
      found.product.attributes["activation"] == nil, found.product.inputs.count <= 6,
      graph.types[found.product.inputs[3]]?.elementType == .int8,
      // Each row of the product is one of the halves' too.
      graph.dims(node.inputs[0])?.last == found.dims[1]
    else { return nil }
    var patch = GraphPatch("\(node.label) between quantized values")
    for view in found.views { patch.remove(view) }
    patch.remove(found.product, node, reader)
    let given = found.product.inputs
    let inputs = given + [String](repeating: "", count: 6 - given.count) + ending.inputs(adding: &patch)
    let attributes = found.product.attributes.merging(node.attributes) { $1 }
    let output = ending.output, isFlat = dims.count == 2, flat = isFlat ? output : "\(output)#rows"
    patch.add(
      Node(
        "QuantizedGEGLU", domain: Model.oneiroDomain, name: node.name, inputs: inputs, outputs: [flat],
        attributes: attributes, metadata: node.metadata))
    if !isFlat { patch.addReshape(flat, to: dims, output, like: node) }
    return patch
  }
}
