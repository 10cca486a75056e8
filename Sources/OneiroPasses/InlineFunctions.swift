import OneiroGraph

/// A call of a model-local function → the nodes of its body.
///
/// References to the call's attributes become their values; an attribute that the call leaves out and that has no
/// default disappears from the node that refers to it. The checker has refused functions that call themselves.
public struct InlineFunctions {
  private struct Key: Hashable {
    let op: OpIdentifier
    let overload: String
  }
  private let functions: [Key: Function]
  private var calls = 0

  public static func apply(to model: Model) throws(GraphError) -> Model {
    guard !model.functions.isEmpty else { return model }
    var pass = InlineFunctions(model)
    var result = model
    result.graph = try pass.expand(model.graph, depth: 0)
    result.functions = []
    return result
  }

  private init(_ model: Model) {
    functions = Dictionary(
      model.functions.map { (Key(op: $0.op, overload: $0.overload), $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static let depthLimit = 64
  /// Functions that call others twice double with every level: a file of a few lines can ask for more nodes than any
  /// memory holds.
  private static let nodeLimit = 1_000_000
  private var nodeCount = 0

  private mutating func expand(_ graph: Graph, depth: Int) throws(GraphError) -> Graph {
    var result = graph
    result.nodes = try expand(graph.nodes, depth: depth)
    return result
  }

  private mutating func expand(_ nodes: [Node], depth: Int) throws(GraphError) -> [Node] {
    var result: [Node] = []
    for var node in nodes {
      for (name, value) in node.attributes {
        switch value {
        case .graph(let graph): node.attributes[name] = .graph(try expand(graph, depth: depth))
        case .graphs(let graphs):
          var expanded: [Graph] = []
          for graph in graphs { expanded.append(try expand(graph, depth: depth)) }
          node.attributes[name] = .graphs(expanded)
        default: break
        }
      }
      guard let function = functions[Key(op: node.op, overload: node.overload)] else {
        result.append(node)
        continue
      }
      guard depth < Self.depthLimit else {
        throw .invalid(node: node, "function \(node.op)", "calls itself, or is nested deeper than \(Self.depthLimit)")
      }
      nodeCount += function.nodes.count
      guard nodeCount <= Self.nodeLimit else {
        throw .invalid(
          node: node, "function \(node.op)", "takes the graph past \(Self.nodeLimit) nodes once calls are expanded")
      }
      result += try expand(inline(function, at: node), depth: depth + 1)
    }
    return result
  }

  private mutating func inline(_ function: Function, at call: Node) -> [Node] {
    calls += 1
    let prefix = "\(call.label)#\(calls)/"
    var inliner = GraphInliner(
      prefix: prefix, formalInputs: function.inputs, inputs: call.inputs, formalOutputs: function.outputs,
      outputs: call.outputs)
    let body = function.nodes.map { Self.resolveReferences($0, call: call, defaults: function.attributeDefaults) }
    var nodes = inliner.inline(body, locals: []) { $0.role = $0.role ?? call.role }
    for (formal, outer) in zip(function.outputs, call.outputs) where !outer.isEmpty && inliner.name(formal) != outer {
      nodes.append(Node("Identity", name: prefix + outer, inputs: [inliner.name(formal)], outputs: [outer]))
    }
    return nodes
  }

  private static func resolveReferences(_ node: Node, call: Node, defaults: [String: Attribute]) -> Node {
    var copy = node
    func resolve(_ graph: Graph) -> Graph {
      var graph = graph
      graph.nodes = graph.nodes.map { resolveReferences($0, call: call, defaults: defaults) }
      return graph
    }
    for (name, value) in node.attributes {
      switch value {
      case .reference(let outer, _): copy.attributes[name] = call.attributes[outer] ?? defaults[outer]
      case .graph(let graph): copy.attributes[name] = .graph(resolve(graph))
      case .graphs(let graphs): copy.attributes[name] = .graphs(graphs.map(resolve))
      default: break
      }
    }
    return copy
  }
}
