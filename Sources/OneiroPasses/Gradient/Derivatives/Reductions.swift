import OneiroGraph

extension Derivatives {
  static let reductions = [
    Derivative("ReduceSum") { node, gradient, builder in [spread(gradient, node, &builder), nil] },
    Derivative("ReduceMean") { node, gradient, builder in
      let sizes = [node.inputs[0], node.outputs[0]].map {
        builder.add("CastLike", [builder.add("Size", [$0]), gradient])
      }
      return [spread(builder.add("Div", [gradient, builder.add("Div", sizes)]), node, &builder), nil]
    },
  ]

  /// Repeats what came of each sum for all that went into it.
  private static func spread(_ gradient: String, _ node: Node, _ builder: inout DerivativeBuilder) -> String {
    var gradient = gradient
    let hasAxes = node.inputs.count > 1 && !node.inputs[1].isEmpty
    if node.int("keepdims") ?? 1 == 0, hasAxes { gradient = builder.add("Unsqueeze", [gradient, node.inputs[1]]) }
    return builder.add("Expand", [gradient, builder.shape(of: node.inputs[0])])
  }
}
