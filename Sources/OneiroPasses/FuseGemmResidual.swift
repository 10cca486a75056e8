import OneiroGraph

/// Gemm(a, B, c) + z  →  ai.oneiro.FusedGemm(a, B, c, z), also where views stand between the two.
///
///     a ── Gemm ── p ── Reshape ── r ── Add z ── y    →    a ── FusedGemm ── Reshape ── y
///                                                          z ── Reshape ──┘
///
/// Stands back when `p` or `r` has a second reader or is a graph output, and when z broadcasts.
struct FuseGemmResidual: RewriteRule {
  let name = "fuse-gemm-residual"
  let summary = "Gemm(a, B, c) + z -> FusedGemm(a, B, c, z)"
  let targets: Set<String> = ["Add"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    guard node.op == OpIdentifier("Add"), node.inputs.count == 2, node.inputs[0] != node.inputs[1],
      graph.types[node.outputs[0]]?.elementType == .float32, let dims = graph.dims(node.outputs[0])
    else { return nil }
    let found = node.inputs.compactMap { ProductBehindViews(of: $0, in: graph) }.max { $0.position < $1.position }
    guard let found, let z = graph.other(node, than: found.value),
      graph.dims(z) == dims, graph.dims(found.value) == dims, graph.constant(z) == nil
    else { return nil }
    let isFlat = found.dims == dims, added = isFlat ? z : "\(node.outputs[0])#added"
    guard let inputs = found.product.inputs(adding: added, to: "Gemm") else { return nil }
    let product = found.product, output = node.outputs[0]
    var patch = GraphPatch("\(product.label) and what \(node.label) adds")
    for view in found.views { patch.remove(view) }
    patch.remove(product, node)
    if !isFlat { patch.addReshape(z, to: found.dims, added, like: node) }
    let flat = isFlat ? output : "\(output)#sum"
    patch.add(
      Node(
        product.fusedType, domain: Model.oneiroDomain, name: product.name, inputs: inputs, outputs: [flat],
        attributes: product.attributes, metadata: product.metadata))
    if !isFlat { patch.addReshape(flat, to: dims, output, like: node) }
    return patch
  }
}

/// A product whose result comes to a value through views alone.
struct ProductBehindViews {
  let value: String
  let product: Node
  let position: Int
  /// Of the product's result.
  let dims: [Int]
  let views: [Node]

  private static let gemms: Set = ["Gemm", "FusedGemm", "QuantizedGemm", "WeightQuantizedGemm"]

  /// - types: of operators that are taken for products.
  /// - Returns: `nil` when `value` is something else, or when anything on the way has a second reader.
  init?(of value: String, types: Set<String> = gemms, in graph: GraphIndex) {
    var views: [Node] = [], at = value
    while let node = graph.producer(of: at), graph.onlyReader(of: at) != nil {
      if types.contains(node.opType) {
        guard let dims = graph.dims(at), let position = graph.position(of: at) else { return nil }
        (self.value, product, self.position, self.dims, self.views) = (value, node, position, dims, views)
        return
      }
      guard node.isView else { return nil }
      views.append(node)
      at = node.inputs[0]
    }
    return nil
  }
}

extension Node {
  /// Whether it gives a value another shape, and nothing else.
  var isView: Bool {
    domain.isEmpty && ["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"].contains(opType)
  }
}
