import OneiroGraph

/// Scales and zero points that a model gives as constants: what no run can make sense of is refused when the model is
/// loaded.
enum QuantizationConstants {
  /// Inputs that are scales, by operator.
  private static let scales: [String: [Int]] = [
    "QuantizeLinear": [1], "DequantizeLinear": [1], "QLinearConv": [1, 4, 6], "QLinearMatMul": [1, 4, 6],
  ]

  /// - outer: constants of the graphs around.
  static func check(_ graph: Graph, outer: [String: Tensor] = [:]) throws(GraphError) {
    let isQuantized = graph.nodes.contains { scales[$0.opType] != nil || !$0.bodies.isEmpty }
    guard isQuantized else { return }
    let constants = outer.merging(graph.initializers) { _, own in own }
    for node in graph.nodes {
      if node.domain.isEmpty {
        for index in scales[node.opType] ?? [] where index < node.inputs.count {
          if let scale = constants[node.inputs[index]] { try checkScale(scale, node, index) }
        }
        if node.opType == "DequantizeLinear" { try checkZeroPoint(node, constants) }
      }
      for body in node.bodies { try check(body.graph, outer: constants) }
    }
  }

  private static func checkScale(_ scale: Tensor, _ node: Node, _ index: Int) throws(GraphError) {
    let scale = scale.asStored
    let bad: Int? =
      switch scale.elementType {
      case .float32: scale.withElements(of: Float.self) { $0.firstIndex { !$0.isFinite || $0 == 0 } }
      case .float16: scale.withElements(of: Float16.self) { $0.firstIndex { !$0.isFinite || $0 == 0 } }
      default: scale.doubles().firstIndex { !$0.isFinite || $0 == 0 }
      }
    guard let bad else { return }
    throw .mismatch(
      node: node, "scale \"\(node.inputs[index])\": element \(bad)", expected: "a finite number other than 0",
      found: "\(scale.doubles()[bad])")
  }

  /// int32 is the type of biases, which have none.
  private static func checkZeroPoint(_ node: Node, _ constants: [String: Tensor]) throws(GraphError) {
    guard node.inputs.count > 2, let zeroPoint = constants[node.inputs[2]], zeroPoint.elementType == .int32,
      let bad = zeroPoint.int64s().first(where: { $0 != 0 })
    else { return }
    throw .mismatch(
      node: node, "zero point \"\(node.inputs[2])\"", expected: "0 because its type is int32", found: "\(bad)")
  }
}
