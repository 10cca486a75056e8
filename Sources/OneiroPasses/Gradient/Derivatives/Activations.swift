import OneiroGraph

extension Derivatives {
  static let activations = [
    // 0 at 0, as PyTorch has it.
    Derivative("Relu") { node, gradient, builder in
      let zero = builder.scalar(0, like: node.inputs[0])
      let passes = builder.add("Greater", [node.inputs[0], zero])
      return [builder.add("Where", [passes, gradient, zero])]
    },
    // y (1 - y)
    Derivative("Sigmoid") { node, gradient, builder in
      let rest = builder.add("Sub", [builder.scalar(1, like: node.inputs[0]), node.outputs[0]])
      return [builder.multiply(gradient, builder.multiply(node.outputs[0], rest))]
    },
    // 1 - y²
    Derivative("Tanh") { node, gradient, builder in
      let square = builder.multiply(node.outputs[0], node.outputs[0])
      return [
        builder.multiply(gradient, builder.add("Sub", [builder.scalar(1, like: node.inputs[0]), square]))
      ]
    },
    Derivative("Softplus") { node, gradient, builder in
      [builder.multiply(gradient, builder.add("Sigmoid", [node.inputs[0]]))]
    },
    // y (g - sum(g y))
    Derivative("Softmax") { node, gradient, builder in
      let share = builder.multiply(gradient, node.outputs[0])
      let rest = builder.add("Sub", [gradient, total(share, along: node, &builder)])
      return [builder.multiply(node.outputs[0], rest)]
    },
    // g - exp(y) sum(g)
    Derivative("LogSoftmax") { node, gradient, builder in
      let share = builder.multiply(builder.add("Exp", [node.outputs[0]]), total(gradient, along: node, &builder))
      return [builder.add("Sub", [gradient, share])]
    },
  ]

  /// The sum along the axis of a Softmax, which stays with extent 1.
  private static func total(_ value: String, along node: Node, _ builder: inout DerivativeBuilder) -> String {
    let axis = builder.ints([Int(node.int("axis") ?? -1)])
    return builder.add("ReduceSum", [value, axis], ["keepdims": .int(1)])
  }
}
