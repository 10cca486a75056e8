import OneiroGraph
import OneiroOps

/// ai.onnx.preview.training.Gradient  →  the nodes that compute the derivatives
///
///     x ── f ── y    Gradient <xs=["x"], y="y"> (x) ── dx    →    x ── f ── y,   x, y ── f's derivative ── dx
///
/// Where the node's inputs are other values than those that `xs` and `zs` name, f is computed once more for them.
public enum ExpandGradients {
  public static func apply(to graph: Graph) throws(GraphError) -> Graph {
    var result = graph
    var number = 0
    // One after the other, in order: a gradient may be taken of another one.
    while let index = result.nodes.firstIndex(where: isGradient) {
      number += 1
      let node = result.nodes[index]
      let made = try expand(node, at: index, in: result, prefix: "\(node.label)#\(number)/")
      result.nodes.replaceSubrange(index...index, with: made)
    }
    for index in result.nodes.indices {
      for (attribute, body) in result.nodes[index].bodies where hasGradient(body) {
        throw .invalid(
          node: result.nodes[index], "attribute \(attribute)",
          "holds a Gradient, which may stand in the main graph alone")
      }
    }
    return result
  }

  private static func isGradient(_ node: Node) -> Bool { node.op == Gradient.schema.op }
  private static func hasGradient(_ graph: Graph) -> Bool {
    graph.nodes.contains { isGradient($0) || $0.bodies.contains { hasGradient($0.graph) } }
  }

  private static func expand(_ node: Node, at index: Int, in graph: Graph, prefix: String) throws(GraphError) -> [Node]
  {
    let attributes = NodeAttributes(node, schema: Gradient.schema)
    let xs = attributes.strings("xs") ?? [], zs = attributes.strings("zs") ?? [], y = attributes.string("y")
    let known = try TypeInference.infer(graph)
    for name in xs + zs + [y] where known[name] == nil {
      throw .invalid(node: node, "attributes xs, zs and y", "no value of the graph is called \"\(name)\"")
    }
    var forward = Array(graph.nodes[..<index])
    if let late = ([y] + xs + zs).first(where: { name in
      graph.nodes[index...].contains { $0.outputs.contains(name) }
    }) {
      throw .invalid(node: node, "attributes xs, zs and y", "\"\(late)\" is computed behind the node")
    }
    var added: [Node] = []
    var names: [String: String] = [:]
    if node.inputs != xs + zs {
      let part = between(Set(xs + zs), and: y, forward)
      // One value may stand for several names, and is constant under some of them.
      for (name, input) in zip(xs + zs, node.inputs) where names[name] == nil {
        // Not the prefix that the derivatives' own values have.
        let copy = "\(prefix)of/\(name)"
        names[name] = copy
        added.append(Node("Identity", name: copy, inputs: [input], outputs: [copy]))
      }
      added += copies(part, "\(prefix)of/", &names)
      forward = added
    }
    let origins = { (name: String) in names[name] ?? name }
    var types: [String: TensorType] = [:]
    for (name, type) in known { types[origins(name)] = type.tensorType }
    var mode = ReverseMode(prefix: prefix, types: types)
    let gradients = try mode.gradients(of: origins(y), by: xs.map(origins), stoppingAt: zs.map(origins), forward, node)
    added += mode.nodes
    for (output, gradient) in zip(node.outputs, gradients) where !output.isEmpty {
      added.append(Node("Identity", name: output, inputs: [gradient], outputs: [output], metadata: node.metadata))
    }
    return added
  }

  /// The nodes that lie on a way from `starts` to `end`.
  private static func between(_ starts: Set<String>, and end: String, _ nodes: [Node]) -> [Node] {
    var depending = starts
    for node in nodes where node.inputs.contains(where: depending.contains) {
      depending.formUnion(node.outputs.filter { !$0.isEmpty })
    }
    var wanted: Set = [end], part: [Node] = []
    for node in nodes.reversed() {
      let outputs = node.outputs.filter { !starts.contains($0) && depending.contains($0) }
      guard outputs.contains(where: wanted.contains) else { continue }
      part.append(node)
      wanted.formUnion(node.inputs)
    }
    return part.reversed()
  }

  private static func copies(_ part: [Node], _ prefix: String, _ names: inout [String: String]) -> [Node] {
    var result: [Node] = []
    for node in part {
      var copy = node
      copy.inputs = node.inputs.map { names[$0] ?? $0 }
      for output in node.outputs where !output.isEmpty && names[output] == nil { names[output] = prefix + output }
      copy.outputs = node.outputs.map { $0.isEmpty ? "" : names[$0] ?? $0 }
      copy.name = prefix + node.label
      result.append(copy)
    }
    return result
  }
}
