/// Graphs as pictures: the DOT language of Graphviz (https://graphviz.org/doc/info/lang.html). Nodes are boxes, inputs
/// and outputs ovals, and a body is a frame beside the node it belongs to. A node's label tells the types of what it
/// makes, and of the constants that it reads, which have no box of their own.
public enum GraphDOT {
  /// - depth: levels of bodies that are drawn; `nil` for all.
  public static func print(_ graph: Graph, depth: Int? = nil) -> String {
    var writer = GraphDOTWriter(depth: depth)
    writer.print(graph)
    return writer.text
  }

  /// How Graphviz is to go about it: on thousands of nodes its own settings take minutes.
  public static let settings = """
      graph [nslimit=2, nslimit1=2, mclimit=0.3, splines=line]
      node [shape=box, fontname="Helvetica", fontsize=10]

    """

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

  /// Where a value comes from.
  private enum Origin {
    /// A thing in the picture.
    case drawn(id: String)
    case constant(type: String)
  }

  mutating func print(_ graph: Graph) {
    text += "digraph \(GraphDOT.quoted(graph.name)) {\n"
    text += GraphDOT.settings
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
    for (name, tensor) in graph.initializers {
      origins[name] = .constant(type: "\(TensorType(tensor.elementType, dims: tensor.dims))")
    }
    for (name, sparse) in graph.sparseInitializers {
      origins[name] = .constant(type: "\(TensorType(sparse.values.elementType, dims: sparse.dims))")
    }
    for input in graph.inputs {
      let id = newID()
      first = first ?? id
      origins[input.name] = .drawn(id: id)
      text += oval(id, input, indent)
    }
    let stated = Dictionary(graph.outputs.map { ($0.name, $0.type) }) { first, _ in first }
    for node in graph.nodes {
      let type = { (name: String) in (stated[name].flatMap { $0 } ?? graph.valueInfos[name]).map { "\($0)" } ?? "" }
      if node.op == OpIdentifier("Constant"), let name = node.outputs.first {
        origins[name] = .constant(type: type(name))
        continue
      }
      let id = newID()
      first = first ?? id
      var lines = ["\(node.op)"]
      if !node.name.isEmpty { lines.append(node.name) }
      for name in node.inputs { if case .constant(let type) = origins[name] { lines.append("\(name): \(type)") } }
      let made = node.outputs.map(type).filter { !$0.isEmpty }
      if !made.isEmpty { lines.append("-> " + made.joined(separator: ", ")) }
      text += "\(indent)\(id) [label=\(GraphDOT.quoted(lines.joined(separator: "\n")))]\n"
      for name in node.inputs { edges += edge(from: origins[name], to: id, name) }
      if depth.map({ level < $0 }) ?? true {
        for (attribute, body) in node.bodies {
          text += "\(indent)subgraph cluster_\(newID()) {\n"
          text += "\(indent)  label=\(GraphDOT.quoted("\(attribute): \(body.name)"))\n"
          let entry = contents(of: body, outer: origins, level: level + 1, edges: &edges)
          text += "\(indent)}\n"
          if let entry { edges += "  \(id) -> \(entry) [style=dashed, label=\(GraphDOT.quoted(attribute))]\n" }
        }
      }
      for name in node.outputs where !name.isEmpty { origins[name] = .drawn(id: id) }
    }
    for output in graph.outputs {
      let id = newID()
      first = first ?? id
      text += oval(id, output, indent)
      edges += edge(from: origins[output.name], to: id, output.name)
    }
    return first
  }

  private func oval(_ id: String, _ info: ValueInfo, _ indent: String) -> String {
    let label = [info.name, info.type?.description].compactMap { $0 }.joined(separator: "\n")
    return "\(indent)\(id) [shape=oval, label=\(GraphDOT.quoted(label))]\n"
  }

  private func edge(from origin: Origin?, to id: String, _ name: String) -> String {
    guard case .drawn(let maker) = origin else { return "" }
    return "  \(maker) -> \(id) [tooltip=\(GraphDOT.quoted(name))]\n"
  }
}
