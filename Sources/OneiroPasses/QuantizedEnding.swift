import OneiroGraph

/// A QuantizeLinear of floats to bytes, with one scale, that another operator may take in as its end: one that divides
/// in float32.
struct QuantizedEnding {
  private let node: Node
  private let type: ElementType
  var output: String { node.outputs[0] }

  init?(_ node: Node, in graph: GraphIndex) {
    guard node.op == OpIdentifier("QuantizeLinear"), graph.types[node.inputs[0]]?.elementType == .float32,
      let type = graph.types[node.outputs[0]]?.elementType, type == .uint8 || type == .int8,
      let scale = graph.types[node.inputs[1]], scale.elementType == .float32,
      scale.dims.flatMap(Tensor.elementCount) == 1, node.int("block_size") ?? 0 == 0,
      [0, Int64(ElementType.float32.rawValue)].contains(node.int("precision") ?? 0)
    else { return nil }
    (self.node, self.type) = (node, type)
  }

  /// Scale and zero point; that is added to `patch` where it is left out.
  func inputs(adding patch: inout GraphPatch) -> [String] {
    if node.inputs.count > 2, !node.inputs[2].isEmpty { return [node.inputs[1], node.inputs[2]] }
    let zeroPoint = "\(output)#zero_point"
    patch.addInitializer(zeroPoint, Tensor(type, doubles: [0], dims: []))
    return [node.inputs[1], zeroPoint]
  }
}
