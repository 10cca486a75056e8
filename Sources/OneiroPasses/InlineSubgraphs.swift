import OneiroGraph

/// ai.oneiro.Subgraph (x) → the nodes of its body, each marked with the role.
///
///     x ── Subgraph <role="conditioner", body> ── y        →        x ── conditioner/Conv ── ... ── y
///
/// One flat graph lets the plan place every value in one arena and the optimizer work across the parts.
public enum InlineSubgraphs {
  public static func apply(to graph: Graph) -> Graph {
    var taken = names(in: graph)
    var result = graph
    result.nodes = []
    for var node in graph.nodes {
      guard node.domain == Model.oneiroDomain, node.opType == "Subgraph",
        case .graph(let body) = node.attributes["body"],
        case .string(let roleBytes) = node.attributes["role"]
      else {
        for (name, value) in node.attributes {
          if case .graph(let body) = value { node.attributes[name] = .graph(apply(to: body)) }
        }
        result.nodes.append(node)
        continue
      }
      let role = String(decoding: roleBytes, as: UTF8.self)
      let flat = apply(to: body)
      let formal = flat.requiredInputs.map(\.name)
      let locals = names(in: flat)
      let prefix = freePrefix(role, for: locals, taken)
      taken.formUnion(locals.map { prefix + $0 })
      var inliner = GraphInliner(
        prefix: prefix, formalInputs: formal, inputs: node.inputs,
        formalOutputs: flat.outputs.map(\.name), outputs: node.outputs)
      let nodes = inliner.inline(flat.nodes, locals: flat.initializerOrder + flat.sparseInitializers.keys) {
        $0.role = $0.role ?? role
      }
      for name in flat.initializerOrder { result.addInitializer(inliner.name(name), flat.initializers[name]!) }
      for (name, sparse) in flat.sparseInitializers { result.sparseInitializers[inliner.name(name)] = sparse }
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

  /// "unet/", or "unet#2/" where that would give a value of the body the name of another.
  private static func freePrefix(_ role: String, for locals: Set<String>, _ taken: Set<String>) -> String {
    var prefix = role + "/", number = 1
    while locals.contains(where: { taken.contains(prefix + $0) }) {
      number += 1
      prefix = "\(role)#\(number)/"
    }
    return prefix
  }

  /// The names of all values of a graph, those inside bodies included.
  private static func names(in graph: Graph) -> Set<String> {
    var names = Set(graph.inputs.map(\.name)).union(graph.initializers.keys).union(graph.sparseInitializers.keys)
    for node in graph.nodes {
      names.formUnion(node.outputs)
      for body in node.bodies { names.formUnion(self.names(in: body.graph)) }
    }
    return names
  }
}
