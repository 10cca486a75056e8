import OneiroGraph

/// ai.oneiro.Subgraph (x) → the nodes of its body, each marked with the role.
///
///     x ── Subgraph <role="conditioner", body> ── y        →        x ── conditioner/Conv ── ... ── y
///
/// One flat graph lets the plan place every value in one arena and the optimizer work across the parts.
public enum InlineSubgraphs {
  public static func apply(to graph: Graph) -> Graph {
    var result = graph
    result.nodes = []
    for node in graph.nodes {
      guard node.domain == Model.oneiroDomain, node.opType == "Subgraph",
        case .graph(let body) = node.attributes["body"],
        case .string(let roleBytes) = node.attributes["role"]
      else {
        result.nodes.append(node)
        continue
      }
      let role = String(decoding: roleBytes, as: UTF8.self)
      let flat = apply(to: body)
      let formal = flat.requiredInputs.map(\.name)
      var inliner = GraphInliner(
        prefix: role + "/", formalInputs: formal, inputs: node.inputs,
        formalOutputs: flat.outputs.map(\.name), outputs: node.outputs)
      let nodes = inliner.inline(flat.nodes, locals: flat.initializerOrder) { $0.role = $0.role ?? role }
      for name in flat.initializerOrder { result.addInitializer(inliner.name(name), flat.initializers[name]!) }
      result.nodes += nodes
      // An output that is an input, an initializer, or listed twice has no node of its own to take its name.
      for (info, outer) in zip(flat.outputs, node.outputs) where !outer.isEmpty && inliner.name(info.name) != outer {
        var copy = Node("Identity", name: role + "/" + outer, inputs: [inliner.name(info.name)], outputs: [outer])
        copy.role = role
        result.nodes.append(copy)
      }
    }
    return result
  }
}
