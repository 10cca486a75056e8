import OneiroGraph
import OneiroModel
import OneiroOps

/// What there is for one operator: the versions that files may use, element types, kernels.
public struct OperatorCoverage: Sendable {
  public let op: OpIdentifier
  /// Versions of the domain that gave the operator a meaning, as the standard has them; for operators that the standard
  /// does not have, the one of the schema.
  public let versions: [Int]
  /// The first of them that is run as it stands. What is older is brought to newer meanings when a file is read.
  public let firstNative: Int
  /// What the type variables of inputs and outputs may stand for; empty where any value fits.
  public let types: [String: ElementTypeSet]
  /// Sources with kernels of their own, and the versions from which on each of those kernels holds.
  public let kernels: [(source: String, versions: [Int])]
  public let support: Support

  public enum Support: String, Sendable {
    /// It has a reference kernel, which runs where no plugin has one.
    case implemented
    /// Files may have it, and it becomes other operators when they are read.
    case adapted
    /// The standard has it, and Oneiro does not.
    case missing
  }

  /// All operators of the standard, and Oneiro's own, in the order of their domains and names.
  public static func all(plugins: [KernelPlugin]) -> [OperatorCoverage] {
    var versions: [OpIdentifier: [Int]] = [:]
    for type in Operators.all { versions[type.schema.op] = [type.schema.since] }
    for entry in StandardOperators.all { versions[entry.op] = entry.versions }
    return versions.keys.sorted { ($0.domain, $0.opType) < ($1.domain, $1.opType) }
      .map { op in OperatorCoverage(op, versions: versions[op] ?? [], plugins: plugins) }
  }

  private init(_ op: OpIdentifier, versions: [Int], plugins: [KernelPlugin]) {
    let schema = Operators.find(op)?.schema
    let newestChange = OpsetAdapters.newestChange(of: op).map(Int.init)
    self.op = op
    self.versions = versions
    types = schema?.types ?? [:]
    kernels = plugins.map { plugin in
      (source: plugin.name, versions: Set(plugin.kernels.filter { $0.op == op }.map(\.sinceVersion)).sorted())
    }.filter { !$0.versions.isEmpty }
    if schema != nil {
      support = .implemented
      firstNative = newestChange ?? versions.first ?? 1
    } else {
      support = newestChange == nil ? .missing : .adapted
      firstNative = .max
    }
  }
}
