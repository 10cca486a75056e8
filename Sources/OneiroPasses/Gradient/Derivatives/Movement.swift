import OneiroGraph

extension Derivatives {
  /// Operators that only move elements, or take them as another type.
  static let movement =
    ["Reshape", "Flatten", "Squeeze", "Unsqueeze"].map { opType in
      Derivative(opType) { node, gradient, builder in [builder.reshape(gradient, like: node.inputs[0]), nil] }
    } + [
      Derivative("Transpose") { node, gradient, builder in
        guard case .ints(let order) = node.attributes["perm"] else { return [builder.add("Transpose", [gradient])] }
        var inverse = order
        for (index, axis) in order.enumerated() { inverse[Int(axis)] = Int64(index) }
        return [builder.add("Transpose", [gradient], ["perm": .ints(inverse)])]
      },
      Derivative("Identity") { _, gradient, _ in [gradient] },
      Derivative("Cast") { node, gradient, builder in [builder.add("CastLike", [gradient, node.inputs[0]])] },
      Derivative("CastLike") { node, gradient, builder in [builder.add("CastLike", [gradient, node.inputs[0]]), nil] },
      Derivative("Expand") { node, gradient, builder in [builder.sum(gradient, to: node.inputs[0]), nil] },
      Derivative("SumTo", domain: Model.oneiroDomain) { node, gradient, builder in
        [builder.add("Expand", [gradient, builder.shape(of: node.inputs[0])]), nil]
      },
      Derivative("Where") { node, gradient, builder in
        let zero = builder.scalar(0, like: gradient)
        let yes = builder.add("Where", [node.inputs[0], gradient, zero])
        let no = builder.add("Where", [node.inputs[0], zero, gradient])
        return [nil, builder.sum(yes, to: node.inputs[1]), builder.sum(no, to: node.inputs[2])]
      },
    ]
}
