import OneiroGraph

/// MatMul(x, W) + b  →  Gemm(x, W, b), with the leading axes of x made one: views that cost nothing.
///
///     x [...,K] ── MatMul W [K,N] ── Add b [N] ── y        →        x ── Reshape ── Gemm W b ── Reshape ── y
struct FuseBias: RewriteRule {
  let name = "fuse-bias"
  let summary = "MatMul(x, W) + b -> Gemm(x, W, b)"
  let targets: Set<String> = ["MatMul"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let x = node.inputs[0]
    guard let dims = graph.dims(x), dims.count >= 2, let weights = graph.constant(node.inputs[1]), weights.rank == 2,
      weights.elementType == .float32, weights.dims[0] == dims[dims.count - 1],
      let add = graph.onlyReader(of: node.outputs[0]), add.op == OpIdentifier("Add"),
      let biasName = graph.other(add, than: node.outputs[0]), let bias = graph.constant(biasName),
      bias.count == weights.dims[1], bias.dims.last == weights.dims[1], bias.rank <= dims.count,
      let rows = Tensor.elementCount(Array(dims.dropLast())), rows > 0
    else { return nil }
    let output = add.outputs[0]
    var patch = GraphPatch("\(node.label) and the bias \(biasName)")
    patch.remove(node, add)
    var bias1D = biasName
    if bias.rank != 1 {
      bias1D = output + "#bias"
      patch.addInitializer(bias1D, bias.reshaped([bias.count]))
    }
    func reshape(_ source: String, _ target: String, to shape: [Int]) {
      patch.addInitializer(target + "#shape", Tensor(shape.map(Int64.init), dims: [shape.count]))
      patch.add(
        Node("Reshape", name: target, inputs: [source, target + "#shape"], outputs: [target], metadata: add.metadata))
    }
    let isFlat = dims.count == 2
    let (matrix, product) = isFlat ? (x, output) : (output + "#rows", output + "#product")
    if !isFlat { reshape(x, matrix, to: [rows, weights.dims[0]]) }
    patch.add(
      Node(
        "Gemm", name: add.name, inputs: [matrix, node.inputs[1], bias1D], outputs: [product], metadata: add.metadata))
    if !isFlat { reshape(product, output, to: dims.dropLast() + [weights.dims[1]]) }
    return patch
  }
}
