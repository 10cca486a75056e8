import OneiroGraph

/// Everything about one operator: what it takes, which shapes come out, and a kernel that is right before it is fast.
public protocol Operator: Sendable {
  static var schema: OpSchema { get }

  /// The types of all outputs that the operator defines, from what is known of its inputs. A shape that depends on data
  /// that is not known yet has unknown extents, or no rank.
  static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType]

  /// Computes every output that is a tensor. Sums in Double: this kernel judges the fast ones, so it stays closer to
  /// the truth than they are.
  static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor]

  /// Computes every output. Operators on sequences, optionals and graphs implement this one instead of `reference`.
  static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?]

  /// The operator written in other operators, for fused ones (domain `ai.oneiro`); `nil` for the standard's primitives.
  /// - Returns: a graph with the node's inputs and outputs in order, those that are left out included.
  static func body(_ node: InferenceContext) throws(GraphError) -> Graph?
}

extension Operator {
  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    throw call.fails("has no kernel for tensors alone")
  }
  public static func evaluate(_ call: KernelCall) throws(KernelError) -> [Value?] {
    values(try reference(call))
  }
  public static func body(_ node: InferenceContext) throws(GraphError) -> Graph? { nil }
}

/// Not inlined, and thus compiled once and not in every operator.
@inline(never)
private func values(_ tensors: [Tensor]) -> [Value?] { tensors.map(Value.tensor) }

/// Why a kernel could not finish, without the node's name, which the caller adds.
public struct KernelError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
