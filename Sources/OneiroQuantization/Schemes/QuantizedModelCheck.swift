import OneiroGraph

/// Refuses what cannot be quantized.
public enum QuantizedModelCheck {
  private static let quantized: Set<String> = [
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger",
    "ConvInteger",
  ]

  /// - Throws: when the graph, or a body in it, is quantized already.
  public static func check(_ graph: Graph) throws(GraphError) {
    for node in graph.nodes {
      if node.domain.isEmpty, quantized.contains(node.opType) {
        throw .mismatch(node: node, nil, expected: "a model that is not quantized", found: "\(node.opType)")
      }
      for body in node.bodies { try check(body.graph) }
    }
  }
}
