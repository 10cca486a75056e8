/// What is different between two graphs. Nodes are matched by the value that they write first, which is unique in a
/// graph.
public struct GraphDifference: Sendable {
  public enum Change: Sendable, Equatable {
    case added, removed
    /// What was, and what is.
    case changed(String, String)
  }

  public struct Line: Sendable, Equatable {
    /// "node", "input", "output", "initializer".
    public let kind: String
    public let name: String
    public let change: Change
    /// A node in ONNX's text syntax, the type of a value.
    public let detail: String
    /// Of a node.
    public let op: OpIdentifier?
  }

  public private(set) var lines: [Line] = []

  public init(_ old: Graph, _ new: Graph) { compare(old, new, prefix: "") }

  public var isEmpty: Bool { lines.isEmpty }

  /// - prefix: of names, for bodies: "unet/".
  private mutating func compare(_ old: Graph, _ new: Graph, prefix: String) {
    comparePorts("input", old.inputs, new.inputs, prefix)
    comparePorts("output", old.outputs, new.outputs, prefix)
    compareInitializers(old, new, prefix)
    compareNodes(old, new, prefix)
  }

  private mutating func add(
    _ kind: String, _ name: String, _ change: Change, _ detail: String, op: OpIdentifier? = nil
  ) {
    lines.append(Line(kind: kind, name: name, change: change, detail: detail, op: op))
  }

  private mutating func comparePorts(_ kind: String, _ old: [ValueInfo], _ new: [ValueInfo], _ prefix: String) {
    let describe = { (info: ValueInfo) in info.type.map { "\($0)" } ?? "no type" }
    let before = old.reduce(into: [:]) { $0[$1.name] = $1 }, after = new.reduce(into: [:]) { $0[$1.name] = $1 }
    for info in old where after[info.name] == nil { add(kind, prefix + info.name, .removed, describe(info)) }
    for info in new {
      guard let was = before[info.name] else {
        add(kind, prefix + info.name, .added, describe(info))
        continue
      }
      if describe(was) != describe(info) {
        add(kind, prefix + info.name, .changed(describe(was), describe(info)), describe(info))
      }
    }
  }

  private mutating func compareInitializers(_ old: Graph, _ new: Graph, _ prefix: String) {
    let describe = { (tensor: Tensor) in "\(TensorType(tensor.elementType, dims: tensor.dims))" }
    for name in old.initializerOrder where new.initializers[name] == nil {
      add("initializer", prefix + name, .removed, describe(old.initializers[name]!))
    }
    for name in new.initializerOrder {
      let tensor = new.initializers[name]!
      guard let was = old.initializers[name] else {
        add("initializer", prefix + name, .added, describe(tensor))
        continue
      }
      if describe(was) != describe(tensor) {
        add("initializer", prefix + name, .changed(describe(was), describe(tensor)), describe(tensor))
      } else if let difference = TensorDifference(was, tensor) {
        add("initializer", prefix + name, .changed("", difference.description), describe(tensor))
      }
    }
  }

  private mutating func compareNodes(_ old: Graph, _ new: Graph, _ prefix: String) {
    let before = old.nodes.reduce(into: [String: Node]()) { if let key = $1.key { $0[key] = $1 } }
    let after = Set(new.nodes.compactMap(\.key))
    for node in old.nodes {
      if let key = node.key, !after.contains(key) { add("node", prefix + key, .removed, form(node), op: node.op) }
    }
    for node in new.nodes {
      guard let key = node.key else { continue }
      guard let was = before[key] else {
        add("node", prefix + key, .added, form(node), op: node.op)
        continue
      }
      if form(was) != form(node) {
        add("node", prefix + key, .changed(form(was), form(node)), form(node), op: node.op)
      }
      let bodies = was.bodies.reduce(into: [:]) { $0[$1.attribute] = $1.graph }
      for body in node.bodies {
        guard let old = bodies[body.attribute] else { continue }
        compare(old, body.graph, prefix: "\(prefix)\(key)/")
      }
    }
  }

  /// A node without its name, which computes nothing, and without its bodies, which are compared by themselves.
  private func form(_ node: Node) -> String { GraphText.print(node, elideAbove: 16, depth: 0) }
}
