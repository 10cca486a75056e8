/// What a model file holds.
public struct Model: Sendable {
  public var irVersion: Int64
  public var producerName: String
  public var producerVersion: String
  public var domain: String
  public var modelVersion: Int64
  public var docString: String
  public var metadata: [String: String]
  /// The version of each operator domain that the nodes mean; "" is ai.onnx.
  public var opsetImports: [String: Int64]
  public var functions: [Function]
  public var graph: Graph
  /// Whole paths, without links, of files beside the model's own in which bytes of it are.
  public var externalFiles: [String] = []

  public init(graph: Graph, opsetImports: [String: Int64] = ["": Model.canonicalOpset]) {
    irVersion = Model.newestIRVersion
    producerName = "oneiro"
    producerVersion = ""
    domain = ""
    modelVersion = 0
    docString = ""
    metadata = [:]
    self.opsetImports = opsetImports
    functions = []
    self.graph = graph
  }

  /// The newest version of the format that is read and written.
  public static let newestIRVersion: Int64 = 13
  /// The ai.onnx opset that every graph is brought to at import: operators, passes and kernels know this one alone.
  public static let canonicalOpset: Int64 = 23
  /// The ai.onnx opsets of the files that can be read.
  public static let readableOpsets: ClosedRange<Int64> = 1...28
  /// The version of the domain `ai.oneiro`.
  public static let oneiroOpset: Int64 = 1
  public static let oneiroDomain = "ai.oneiro"

  /// Says of a model that nodes have been added to that it needs the opset they mean, and the version of the format
  /// that has all element types: 4-bit ones came with version 10.
  public mutating func useCanonicalForm() {
    opsetImports[""] = Model.canonicalOpset
    irVersion = max(irVersion, 10)
  }
}

/// A function that a model defines for its own use; a node calls it by domain and name.
public struct Function: Sendable {
  public var op: OpIdentifier
  public var overload: String
  public var inputs: [String]
  public var outputs: [String]
  /// Attributes without a default, which every call must give.
  public var attributeNames: [String]
  public var attributeDefaults: [String: Attribute]
  public var nodes: [Node]
  public var opsetImports: [String: Int64]
  public var docString: String

  public init(
    _ name: String, domain: String, overload: String = "", inputs: [String], outputs: [String],
    attributeNames: [String] = [], attributeDefaults: [String: Attribute] = [:], nodes: [Node],
    opsetImports: [String: Int64], docString: String = ""
  ) {
    op = OpIdentifier(name, domain: domain)
    self.overload = overload
    self.inputs = inputs
    self.outputs = outputs
    self.attributeNames = attributeNames
    self.attributeDefaults = attributeDefaults
    self.nodes = nodes
    self.opsetImports = opsetImports
    self.docString = docString
  }
}
