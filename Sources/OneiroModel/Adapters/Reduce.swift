import OneiroGraph

extension OpsetAdapters {
  /// Attribute axes became an input: of ReduceSum in opset 13, of the others in 18.
  static let reductions: [OpsetAdapter] =
    [axesToInput("ReduceSum", to: 13)]
    + ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"].map {
      axesToInput("Reduce\($0)", to: 18)
    }

  /// Without the attribute the input is left out too; both mean the operator's default.
  static func axesToInput(_ opType: String, to: Int64) -> OpsetAdapter {
    .node(opType, to: to) { (node, context) throws(GraphError) in
      if let axes = try context.moveToInput("axes", of: &node) { node.inputs.append(axes) }
    }
  }
}
