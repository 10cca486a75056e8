/// What is wrong with a model, and where: one sentence that names file, graph, node, value, what was expected and what
/// was found.
public struct GraphError: Error, Sendable, Equatable {
  public var file: String?
  public var node: NodeLabel?
  /// The value, attribute or part that the problem is about: `input W "down.0.conv1.weight"`, `attribute axis`.
  public var subject: String?
  public var problem: Problem

  public struct NodeLabel: Sendable, Equatable {
    public let name: String
    public let op: OpIdentifier
  }

  public enum Problem: Sendable, Equatable {
    case mismatch(expected: String, found: String, because: String?)
    case invalid(String)
  }

  public init(file: String? = nil, node: Node? = nil, subject: String? = nil, _ problem: Problem) {
    self.file = file
    self.node = node.map { NodeLabel(name: $0.label, op: $0.op) }
    self.subject = subject
    self.problem = problem
  }

  public static func mismatch(
    file: String? = nil, node: Node? = nil, _ subject: String?, expected: String, found: String, because: String? = nil
  ) -> GraphError {
    GraphError(file: file, node: node, subject: subject, .mismatch(expected: expected, found: found, because: because))
  }

  public static func invalid(file: String? = nil, node: Node? = nil, _ subject: String? = nil, _ sentence: String)
    -> GraphError
  {
    GraphError(file: file, node: node, subject: subject, .invalid(sentence))
  }

  /// The same error with the file it came from, unless it names one already.
  public func located(in file: String?) -> GraphError {
    var copy = self
    copy.file = self.file ?? file
    return copy
  }
}

extension GraphError: CustomStringConvertible {
  public var description: String {
    var parts: [String] = []
    if let file { parts.append(file) }
    if let node { parts.append("node \"\(node.name)\" (\(node.op))") }
    if let subject { parts.append(subject) }
    switch problem {
    case .mismatch(let expected, let found, let because):
      parts.append("expected \(expected)\(because.map { " because \($0)" } ?? ""), found \(found)")
    case .invalid(let sentence): parts.append(sentence)
    }
    return parts.joined(separator: ": ")
  }
}
