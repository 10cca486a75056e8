/// Graphs as pictures: the DOT language of Graphviz (https://graphviz.org/doc/info/lang.html). Nodes are boxes, inputs and
/// outputs ovals, edges carry the types of their values, and a body is a frame beside the node it belongs to.
public enum GraphDOT {
  /// - depth: levels of bodies that are drawn; `nil` for all.
  public static func print(_ graph: Graph, depth: Int? = nil) -> String {
    var writer = GraphDOTWriter(depth: depth)
    writer.print(graph)
    return writer.text
  }

  /// A name or label in quotes, its line breaks as DOT writes them.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

private struct GraphDOTWriter {
  let depth: Int?
  private(set) var text = ""
  private var idCount = 0

  init(depth: Int?) { self.depth = depth }

  /// Where a value comes from: the id of its maker in the picture, and its type.
  private struct Origin {
    let id: String
    let type: ValueType?
  }

  mutating func print(_ graph: Graph) {
    text += "digraph \(GraphDOT.quoted(graph.name)) {\n"
    text += "  node [shape=box, fontname=\"Helvetica\", fontsize=10]\n  edge [fontname=\"Helvetica\", fontsize=8]\n"
    var edges = ""
    contents(of: graph, outer: [:], level: 0, edges: &edges)
    text += edges + "}\n"
  }

  private mutating func newID() -> String {
    idCount += 1
    return "n\(idCount)"
  }

  /// - edges: gathered and written after all frames, since an edge inside a frame would pull its ends into it.
  /// - Returns: the id of the first thing drawn, for the line that ties a body to its node.
  @discardableResult
  private mutating func contents(of graph: Graph, outer: [String: Origin], level: Int, edges: inout String) -> String? {
    let indent = String(repeating: "  ", count: level + 1)
    var origins = outer
    var first: String?
    for name in graph.initializers.keys { origins[name] = nil }
    for name in graph.sparseInitializers.keys { origins[name] = nil }
    for input in graph.inputs {
      let id = newID()
      first = first ?? id
      origins[input.name] = Origin(id: id, type: input.type)
      text += "\(indent)\(id) [shape=oval, label=\(GraphDOT.quoted(input.name))]\n"
    }
    let stated = Dictionary(graph.outputs.map { ($0.name, $0.type) }) { first, _ in first }
    for node in graph.nodes {
      let id = newID()
      first = first ?? id
      var lines = ["\(node.op)"]
      if !node.name.isEmpty { lines.append(node.name) }
      for name in node.inputs {
        guard let tensor = graph.initializers[name] else { continue }
        lines.append("\(name): \(TensorType(tensor.elementType, dims: tensor.dims))")
      }
      text += "\(indent)\(id) [label=\(GraphDOT.quoted(lines.joined(separator: "\n")))]\n"
      for name in node.inputs where !name.isEmpty {
        guard let origin = origins[name] else { continue }
        edges += edge(from: origin, to: id, name)
      }
      if depth.map({ level < $0 }) ?? true {
        for (attribute, body) in node.bodies {
          text += "\(indent)subgraph cluster_\(newID()) {\n"
          text += "\(indent)  label=\(GraphDOT.quoted("\(attribute): \(body.name)"))\n"
          let entry = contents(of: body, outer: origins, level: level + 1, edges: &edges)
          text += "\(indent)}\n"
          if let entry { edges += "  \(id) -> \(entry) [style=dashed, label=\(GraphDOT.quoted(attribute))]\n" }
        }
      }
      for name in node.outputs where !name.isEmpty {
        origins[name] = Origin(id: id, type: stated[name].flatMap { $0 } ?? graph.valueInfos[name])
      }
    }
    for output in graph.outputs {
      let id = newID()
      first = first ?? id
      text += "\(indent)\(id) [shape=oval, label=\(GraphDOT.quoted(output.name))]\n"
      if let origin = origins[output.name] { edges += edge(from: origin, to: id, output.name) }
    }
    return first
  }

  private func edge(from origin: Origin, to id: String, _ name: String) -> String {
    let label = [name, origin.type?.description].compactMap { $0 }.joined(separator: "\n")
    return "  \(origin.id) -> \(id) [label=\(GraphDOT.quoted(label))]\n"
  }
}
