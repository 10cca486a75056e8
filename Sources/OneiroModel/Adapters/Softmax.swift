import OneiroGraph

extension OpsetAdapters {
  /// Softmax, LogSoftmax and Hardmax 13: work along one axis. Before, they worked on rows of all axes from `axis` on:
  ///
  ///     x ── Flatten(axis) ── Softmax(-1) ── Reshape(Shape(x)) ── y
  ///
  /// which is one axis only when that is the last one.
  static let rowwise: [OpsetAdapter] = ["Softmax", "LogSoftmax", "Hardmax"].map { opType in
    OpsetAdapter(opType, to: 13) { (node, context) throws(GraphError) in
      guard let x = node.inputs.first, let y = node.outputs.first else { return [node] }
      let axis = node.attributes["axis"] ?? .int(1)
      var rows = node
      rows.attributes["axis"] = .int(-1)
      if case .int(let axis) = axis, axis == -1 || context.rank(of: x).map({ Int64($0) - 1 }) == axis { return [rows] }
      let flat = context.freshName("\(node.label)/rows"), shape = context.freshName("\(node.label)/shape")
      let result = context.freshName("\(node.label)/result")
      rows.inputs[0] = flat
      rows.outputs[0] = result
      return [
        Node("Shape", inputs: [x], outputs: [shape]),
        Node("Flatten", inputs: [x], outputs: [flat], attributes: ["axis": axis]),
        rows,
        // A zero in the shape is an extent, not "copy mine".
        Node("Reshape", inputs: [result, shape], outputs: [y], attributes: ["allowzero": .int(1)]),
      ]
    }
  }
}
