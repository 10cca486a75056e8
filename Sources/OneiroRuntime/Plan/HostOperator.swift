import OneiroGraph
import OneiroOps

/// A kernel written in Swift that runs a graph of its own, such as the sampler's loop around the U-Net.
public protocol HostOperator: Sendable {
  static var op: OpIdentifier { get }

  /// Makes the node ready.
  /// - inputs, outputs: bound types; `nil` for what is left out.
  /// - plan: plans a body for inputs of given types, on the backend that the node's role asks for; `cadence` is that of
  ///   `Planner.plan`.
  static func prepare(
    _ node: Node, inputs: [TensorType?], outputs: [TensorType?],
    plan: (_ body: Graph, _ inputs: [String: TensorType], _ cadence: [[String]]) throws(RunError) -> ExecutionPlan
  ) throws(RunError) -> any PreparedKernel
}
