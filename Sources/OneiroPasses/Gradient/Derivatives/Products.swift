import OneiroGraph

extension Derivatives {
  static let products = [
    // dA = G B', dB = A' G. Vectors are matrices of one row or column meanwhile.
    Derivative("MatMul") { (node, gradient, builder) throws(GraphError) in
      let ranks = try node.inputs.map { (name) throws(GraphError) in try rank(of: name, node, builder) }
      var a = node.inputs[0], b = node.inputs[1], g = gradient
      if ranks[1] == 1 {
        b = builder.add("Unsqueeze", [b, builder.ints([1])])
        g = builder.add("Unsqueeze", [g, builder.ints([-1])])
      }
      if ranks[0] == 1 {
        a = builder.add("Unsqueeze", [a, builder.ints([0])])
        g = builder.add("Unsqueeze", [g, builder.ints([-2])])
      }
      let left = builder.add("MatMul", [g, swapped(b, max(ranks[1], 2), &builder)])
      let right = builder.add("MatMul", [swapped(a, max(ranks[0], 2), &builder), g])
      return [
        builder.reshape(builder.sum(left, to: a), like: node.inputs[0]),
        builder.reshape(builder.sum(right, to: b), like: node.inputs[1]),
      ]
    },
    // Y = alpha A B + beta C, with A and B transposed or not: each gradient is one Gemm again.
    Derivative("Gemm") { node, gradient, builder in
      let a = node.inputs[0], b = node.inputs[1]
      let turnsA = node.int("transA") ?? 0 != 0, turnsB = node.int("transB") ?? 0 != 0
      func product(_ x: String, _ turnsX: Bool, _ y: String, _ turnsY: Bool) -> String {
        var attributes: [String: Attribute] = ["transA": .int(turnsX ? 1 : 0), "transB": .int(turnsY ? 1 : 0)]
        attributes["alpha"] = node.attributes["alpha"]
        return builder.add("Gemm", [x, y], attributes)
      }
      var result: [String?] = [
        turnsA ? product(b, turnsB, gradient, true) : product(gradient, false, b, !turnsB),
        turnsB ? product(gradient, true, a, turnsA) : product(a, !turnsA, gradient, false),
      ]
      if node.inputs.count > 2, !node.inputs[2].isEmpty {
        var scaled = gradient
        if case .float(let beta) = node.attributes["beta"] {
          scaled = builder.multiply(gradient, builder.scalar(Double(beta), like: gradient))
        }
        result.append(builder.sum(scaled, to: node.inputs[2]))
      }
      return result
    },
  ]

  private static func rank(of value: String, _ node: Node, _ builder: DerivativeBuilder) throws(GraphError) -> Int {
    guard let rank = builder.types[value]?.shape?.count else {
      throw .invalid(node: node, "input \"\(value)\"", "its rank has to be known for a derivative")
    }
    return rank
  }

  /// With the last two of `rank` axes in the other order.
  private static func swapped(_ value: String, _ rank: Int, _ builder: inout DerivativeBuilder) -> String {
    var order = Array(0..<rank)
    order.swapAt(rank - 2, rank - 1)
    return builder.add("Transpose", [value], ["perm": .ints(order.map(Int64.init))])
  }
}
