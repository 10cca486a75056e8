extension Derivatives {
  /// Operators of two operands that broadcast, and those of one that are no activations.
  static let arithmetic = [
    Derivative("Add") { node, gradient, builder in
      [builder.sum(gradient, to: node.inputs[0]), builder.sum(gradient, to: node.inputs[1])]
    },
    Derivative("Sub") { node, gradient, builder in
      let negative = builder.add("Neg", [gradient])
      return [builder.sum(gradient, to: node.inputs[0]), builder.sum(negative, to: node.inputs[1])]
    },
    Derivative("Mul") { node, gradient, builder in
      let left = builder.multiply(gradient, node.inputs[1]), right = builder.multiply(gradient, node.inputs[0])
      return [builder.sum(left, to: node.inputs[0]), builder.sum(right, to: node.inputs[1])]
    },
    // d(a / b) = da / b - (a / b) db / b
    Derivative("Div") { node, gradient, builder in
      let part = builder.add("Div", [gradient, node.inputs[1]])
      let right = builder.add("Neg", [builder.multiply(part, node.outputs[0])])
      return [builder.sum(part, to: node.inputs[0]), builder.sum(right, to: node.inputs[1])]
    },
    // d(x^p) = p x^(p - 1) dx + x^p log(x) dp; the first is 0 for p = 0, the second for x = 0.
    Derivative("Pow") { node, gradient, builder in
      let x = node.inputs[0], power = builder.add("CastLike", [node.inputs[1], x])
      let zero = builder.scalar(0, like: x), one = builder.scalar(1, like: x)
      let slope = builder.multiply(power, builder.add("Pow", [x, builder.add("Sub", [power, one])]))
      let left = builder.add("Where", [builder.add("Equal", [power, zero]), zero, slope])
      let growth = builder.multiply(node.outputs[0], builder.add("Log", [x]))
      let right = builder.add("Where", [builder.add("Equal", [x, zero]), zero, growth])
      let toPower = builder.add("CastLike", [builder.multiply(gradient, right), node.inputs[1]])
      return [builder.sum(builder.multiply(gradient, left), to: x), builder.sum(toPower, to: node.inputs[1])]
    },
    Derivative("Neg") { _, gradient, builder in [builder.add("Neg", [gradient])] },
    Derivative("Abs") { node, gradient, builder in
      [builder.multiply(gradient, builder.add("Sign", [node.inputs[0]]))]
    },
    Derivative("Exp") { node, gradient, builder in [builder.multiply(gradient, node.outputs[0])] },
    Derivative("Log") { node, gradient, builder in [builder.add("Div", [gradient, node.inputs[0]])] },
    Derivative("Sqrt") { node, gradient, builder in
      let twice = builder.add("Add", [node.outputs[0], node.outputs[0]])
      return [builder.add("Div", [gradient, twice])]
    },
    Derivative("Sin") { node, gradient, builder in
      [builder.multiply(gradient, builder.add("Cos", [node.inputs[0]]))]
    },
    Derivative("Cos") { node, gradient, builder in
      [builder.add("Neg", [builder.multiply(gradient, builder.add("Sin", [node.inputs[0]]))])]
    },
  ]
}
