extension Model {
  /// Checks what holds for every model whatever its operators mean: each value is defined once and before it is read,
  /// names and calls resolve, and no function calls itself.
  /// - Throws: the first thing that is wrong, with its node and value.
  public func checkStructure() throws(GraphError) {
    try checkNames(graph.outputs.map(\.name), "graph output")
    try graph.checkStructure(outer: [])
    var calls: [FunctionKey: [Node]] = [:]
    for function in functions {
      let key = FunctionKey(function.op, function.overload)
      guard calls.updateValue(function.nodes.callsInside, forKey: key) == nil else {
        throw .invalid("function \(key)", "is defined twice")
      }
    }
    try checkDomains(graph.nodes, opsetImports, functions: Set(calls.keys), where: "the model")
    for function in functions {
      let key = FunctionKey(function.op, function.overload)
      try checkNames(function.inputs, "input of function \(key)")
      let scope = try function.nodes.checkStructure(defined: Set(function.inputs), outer: [])
      for output in function.outputs where !scope.contains(output) {
        throw .invalid("output \"\(output)\" of function \(key)", "is not defined: no node or input makes it")
      }
      try checkDomains(function.nodes, function.opsetImports, functions: Set(calls.keys), where: "function \(key)")
    }
    try checkRecursion(calls)
  }

  private func checkDomains(
    _ nodes: [Node], _ opsets: [String: Int64], functions: Set<FunctionKey>, where place: String
  ) throws(GraphError) {
    for node in nodes.callsInside where opsets[node.domain] == nil {
      guard !functions.contains(FunctionKey(node.op, node.overload)) else { continue }
      let domain = node.domain.isEmpty ? "ai.onnx" : node.domain
      throw .mismatch(
        node: node, nil, expected: "an operator of a domain that \(place) imports", found: "one of \"\(domain)\"")
    }
  }

  private func checkRecursion(_ calls: [FunctionKey: [Node]]) throws(GraphError) {
    // One node for each function, reading what it calls: a function that reaches itself is a cycle.
    let nodes = calls.sorted { "\($0.key)" < "\($1.key)" }.map { key, nodes in
      Node(
        key.op.opType, domain: key.op.domain, name: "\(key)",
        inputs: nodes.map { "\(FunctionKey($0.op, $0.overload))" }, outputs: ["\(key)"])
    }
    do {
      _ = try nodes.topologicallySorted()
    } catch {
      throw .invalid("function \"\(error.node?.name ?? "")\"", "calls itself, directly or through others")
    }
  }
}

/// What a call names a model-local function by.
public struct FunctionKey: Sendable, Hashable, CustomStringConvertible {
  public let op: OpIdentifier
  public let overload: String

  public init(_ op: OpIdentifier, _ overload: String) {
    self.op = op
    self.overload = overload
  }

  public var description: String { overload.isEmpty ? "\(op)" : "\(op):\(overload)" }
}

extension Graph {
  /// - outer: the values of the graphs around this one that are defined before the node whose body it is.
  public func checkStructure(outer: Set<String>) throws(GraphError) {
    try checkNames(inputs.map(\.name), "input of graph \"\(name)\"")
    let given = Set(inputs.map(\.name)).union(initializers.keys).union(sparseInitializers.keys)
    let defined = try nodes.checkStructure(defined: given, outer: outer)
    for output in outputs where !defined.contains(output.name) && !outer.contains(output.name) {
      throw .invalid(
        "output \"\(output.name)\" of graph \"\(name)\"", "is not defined: no node, input or initializer makes it")
    }
  }
}

extension [Node] {
  /// - defined: values of the same graph that no node makes.
  /// - Returns: all values of the graph.
  fileprivate func checkStructure(defined: Set<String>, outer: Set<String>) throws(GraphError) -> Set<String> {
    var defined = defined
    var later: Set<String>?
    for node in self {
      for (index, input) in node.inputs.enumerated() where !input.isEmpty {
        guard !defined.contains(input), !outer.contains(input) else { continue }
        let made = later ?? Set(flatMap(\.outputs))
        later = made
        throw .invalid(
          node: node, "input \(index) \"\(input)\"",
          made.contains(input)
            ? "is read before the node that makes it" : "is not defined: no node, input or initializer makes it")
      }
      for (attribute, body) in node.bodies {
        do {
          try body.checkStructure(outer: outer.union(defined))
        } catch {
          throw error.node == nil
            ? GraphError(node: node, subject: "attribute \(attribute): \(error.subject ?? "")", error.problem) : error
        }
      }
      for (index, output) in node.outputs.enumerated() where !output.isEmpty {
        guard defined.insert(output).inserted else {
          throw .invalid(node: node, "output \(index) \"\(output)\"", "is defined already: each value has one maker")
        }
      }
    }
    return defined
  }

  /// All nodes, those inside bodies included.
  fileprivate var callsInside: [Node] {
    flatMap { node in [node] + node.bodies.flatMap { $0.graph.nodes.callsInside } }
  }
}

private func checkNames(_ names: [String], _ what: String) throws(GraphError) {
  var seen: Set<String> = []
  for (index, name) in names.enumerated() {
    guard !name.isEmpty else { throw .invalid("\(what) \(index)", "has no name") }
    guard seen.insert(name).inserted else { throw .invalid("\(what) \"\(name)\"", "is listed twice") }
  }
}
