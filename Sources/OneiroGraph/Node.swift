/// What names an operator: its domain ("" is ai.onnx) and its type.
public struct OpIdentifier: Sendable, Hashable, CustomStringConvertible {
  public let domain: String
  public let opType: String
  public init(_ opType: String, domain: String = "") {
    // The long spelling of the default domain means the same.
    self.domain = domain == "ai.onnx" ? "" : domain
    self.opType = opType
  }
  public var description: String { domain.isEmpty ? opType : "\(domain).\(opType)" }
}

/// One operation of a graph.
public struct Node: Sendable {
  public var name: String
  public var op: OpIdentifier
  /// Picks one of several model-local functions of the same name; empty almost always.
  public var overload: String
  /// Names of values; "" for an optional input that is left out.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [String: Attribute]
  public var docString: String
  /// Free key-value pairs of the file (NodeProto.metadata_props).
  public var metadata: [String: String]

  public var opType: String { op.opType }
  public var domain: String { op.domain }

  public init(
    _ opType: String, domain: String = "", name: String = "", overload: String = "", inputs: [String],
    outputs: [String],
    attributes: [String: Attribute] = [:], docString: String = "", metadata: [String: String] = [:]
  ) {
    op = OpIdentifier(opType, domain: domain)
    self.name = name
    self.overload = overload
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.docString = docString
    self.metadata = metadata
  }

  /// What messages call it: its own name, or the first output where a file leaves names out.
  public var label: String { name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name }

  /// The graphs among the attributes, by attribute name in alphabetical order.
  public var bodies: [(attribute: String, graph: Graph)] {
    // Asked of every node, of which hardly any has one.
    guard attributes.values.contains(where: \.hasGraphs) else { return [] }
    return attributes.sorted { $0.key < $1.key }.flatMap { (name, value) -> [(attribute: String, graph: Graph)] in
      switch value {
      case .graph(let graph): [(name, graph)]
      case .graphs(let graphs): graphs.map { (name, $0) }
      default: []
      }
    }
  }
}

extension Node {
  /// The pipeline part that the node belongs to ("unet"), where an inlined subgraph left its mark.
  public var role: String? {
    get { metadata["ai.oneiro.role"] }
    set { metadata["ai.oneiro.role"] = newValue }
  }
}
