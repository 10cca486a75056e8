import OneiroGraph

/// Checks a model against the operators: what `Model.checkStructure` cannot know.
public enum ModelChecker {
  /// Checks everything that can be checked without running: structure, operators and their versions, arity, attributes,
  /// element types and shapes. The model is at the canonical opset.
  /// - Throws: the first thing that is wrong, with its node and value.
  public static func check(_ model: Model) throws(GraphError) {
    try model.checkStructure()
    let functions = Set(model.functions.map { FunctionKey($0.op, $0.overload) })
    try checkOperators(model.graph.nodes, functions, model.opsetImports)
    for function in model.functions { try checkOperators(function.nodes, functions, function.opsetImports) }
    for input in model.graph.inputs where input.type == nil && model.graph.initializers[input.name] == nil {
      throw .invalid("input \"\(input.name)\"", "has no type")
    }
    _ = try TypeInference(model.graph)
    try QuantizationConstants.check(model.graph)
  }

  private static func checkOperators(
    _ nodes: [Node], _ functions: Set<FunctionKey>, _ opsets: [String: Int64]
  ) throws(GraphError) {
    for node in nodes {
      if !functions.contains(FunctionKey(node.op, node.overload)) {
        let domain = node.domain.isEmpty ? "ai.onnx" : node.domain
        guard let op = Operators.find(node.op) else {
          let version = opsets[node.domain].map { ", opset \($0)" } ?? ""
          throw .invalid(node: node, nil, "unknown operator \(node.opType) in domain \(domain)\(version)")
        }
        if node.domain == Model.oneiroDomain, let version = opsets[node.domain], version != Model.oneiroOpset {
          throw .mismatch(
            node: node, "opset of domain \(domain)", expected: "\(Model.oneiroOpset)", found: "\(version)")
        }
        try NodeChecker.checkForm(node, op.schema)
      }
      for body in node.bodies { try checkOperators(body.graph.nodes, functions, opsets) }
    }
  }
}
