import OneiroGraph

/// Symbolic differentiation in reverse mode: walks the nodes backwards from y and adds, for each, the nodes that
/// compute what y's change owes to the node's inputs.
struct ReverseMode {
  private var builder: DerivativeBuilder
  var nodes: [Node] { builder.nodes }

  init(prefix: String, types: [String: TensorType]) {
    builder = DerivativeBuilder(prefix: prefix, types: types)
  }

  /// Values that hold d(sum of y)/dx for each x in `xs`, in its shape; zeros where y does not depend on it.
  /// - ends: values that count as constants.
  /// - call: what errors name.
  mutating func gradients(
    of y: String, by xs: [String], stoppingAt ends: [String], _ nodes: [Node], _ call: Node
  ) throws(GraphError) -> [String] {
    let borders = Set(xs + ends)
    var depending = Set(xs)
    for node in nodes where reads(node, depending) {
      depending.formUnion(node.outputs.filter { !$0.isEmpty && !borders.contains($0) })
    }
    // What has come together so far for each value; it is summed when the value's own node is reached.
    var parts = [y: [builder.ones(like: y)]]
    for node in nodes.reversed() {
      let outputs = node.outputs.filter { depending.contains($0) && !borders.contains($0) && parts[$0] != nil }
      guard let output = outputs.first else { continue }
      guard let derivative = Derivatives.find(node.op), outputs.count == 1, output == node.outputs[0],
        node.bodies.isEmpty
      else {
        throw .invalid(
          node: node, nil, "no derivative is written for this operator, which Gradient \"\(call.label)\" needs")
      }
      let gradient = builder.sum(parts[output] ?? [])
      let found = try derivative.backward(node, gradient, &builder)
      for (input, part) in zip(node.inputs, found) where depending.contains(input) {
        if let part { parts[input, default: []].append(part) }
      }
    }
    var results: [String] = []
    for x in xs { results.append(parts[x].map { builder.sum($0) } ?? builder.zeros(like: x)) }
    return results
  }

  private func reads(_ node: Node, _ values: Set<String>) -> Bool {
    node.inputs.contains(where: values.contains)
      || node.bodies.contains { !$0.graph.capturedNames.isDisjoint(with: values) }
  }
}
