import OneiroGraph

/// A node's attributes with the schema's defaults filled in.
public struct NodeAttributes: Sendable {
  private let given: [String: Attribute]
  private let schema: OpSchema

  public init(_ node: Node, schema: OpSchema) {
    given = node.attributes
    self.schema = schema
  }

  public subscript(name: String) -> Attribute? {
    given[name] ?? schema.attributes.first { $0.name == name }?.defaultValue
  }

  public func has(_ name: String) -> Bool { self[name] != nil }

  /// The value of an integer attribute that is given or has a default; the checker saw to that.
  public func int(_ name: String) -> Int { if case .int(let value) = self[name] { Int(value) } else { 0 } }
  public func optionalInt(_ name: String) -> Int? { if case .int(let value) = self[name] { Int(value) } else { nil } }
  public func bool(_ name: String) -> Bool { int(name) != 0 }
  public func float(_ name: String) -> Double { if case .float(let value) = self[name] { Double(value) } else { 0 } }
  public func optionalFloat(_ name: String) -> Double? {
    if case .float(let value) = self[name] { Double(value) } else { nil }
  }
  public func string(_ name: String) -> String {
    if case .string(let bytes) = self[name] { String(decoding: bytes, as: UTF8.self) } else { "" }
  }
  public func ints(_ name: String) -> [Int]? {
    if case .ints(let values) = self[name] { values.map(Int.init) } else { nil }
  }
  public func floats(_ name: String) -> [Double]? {
    if case .floats(let values) = self[name] { values.map(Double.init) } else { nil }
  }
  public func strings(_ name: String) -> [String]? {
    if case .strings(let values) = self[name] { values.map { String(decoding: $0, as: UTF8.self) } } else { nil }
  }
  public func tensor(_ name: String) -> Tensor? { if case .tensor(let value) = self[name] { value } else { nil } }
  public func graph(_ name: String) -> Graph? { if case .graph(let value) = self[name] { value } else { nil } }

  /// Given values and defaults together, sorted by name: what a kernel plugin is shown.
  public var all: [(name: String, value: Attribute)] {
    var merged = given
    for attribute in schema.attributes where merged[attribute.name] == nil {
      merged[attribute.name] = attribute.defaultValue
    }
    return merged.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
