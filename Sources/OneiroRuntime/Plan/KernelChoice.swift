import OneiroGraph
import OneiroOps
import OneiroPasses

/// Finds the kernel for one node: the first of the backend's sources that takes it.
struct KernelChoice {
  let backend: Backend
  let hostOperators: [any HostOperator.Type]
  let threads: Int

  enum Choice {
    case kernel(any PreparedKernel, declined: [ExecutionPlan.Declined])
    /// No plugin takes the node, and its operator can be written in others.
    case body(ExpandBody, declined: [ExecutionPlan.Declined])
  }

  /// - expand: writes the node in other operators, if that can be.
  /// - constants: one for each input, where its value is known.
  /// - plan: plans the body of a host operator.
  func choose(
    _ node: Node, _ op: any Operator.Type, inputs: [TensorType?], outputs: [TensorType?], constants: [Tensor?],
    expand: () throws(GraphError) -> ExpandBody?, plan: (Graph, [String: TensorType]) throws(RunError) -> ExecutionPlan
  ) throws(RunError) -> Choice {
    if let host = hostOperators.first(where: { $0.op == node.op }) {
      return .kernel(try host.prepare(node, inputs: inputs, outputs: outputs, plan: plan), declined: [])
    }
    var declined: [ExecutionPlan.Declined] = []
    func body() throws(RunError) -> Choice? {
      do throws(GraphError) { return try expand().map { .body($0, declined: declined) } } catch { throw .graph(error) }
    }
    let hasNarrow = constants.contains { $0?.isNarrow ?? false }
    // As kernels see it that read narrow constants, and as the others do.
    var bound: [Bool: BoundNode] = [:]
    for source in backend.chain(for: node) {
      switch source {
      case .reference:
        // The parts of a fused operator may have the fast kernels that the whole has not.
        if !declined.isEmpty, let body = try body() { return body }
        return .kernel(ReferenceKernel(node, op, inputs: inputs, outputs: outputs), declined: declined)
      case .plugin(let plugin):
        let candidates = plugin.kernels(for: node.op)
        if candidates.isEmpty { declined.append(.init(source: plugin.name, reason: "has no kernel for \(node.op)")) }
        guard !candidates.isEmpty else { continue }
        guard BoundNode.canCross(inputs + outputs) else {
          declined.append(.init(source: plugin.name, reason: "an element type that the kernel ABI does not carry"))
          continue
        }
        for candidate in candidates {
          let showsNarrow = hasNarrow && candidate.readsNarrow
          let boundNode =
            bound[showsNarrow]
            ?? BoundNode(
              node, schema: op.schema, inputs: inputs, outputs: outputs, constants: constants, showsNarrow: showsNarrow)
          bound[showsNarrow] = boundNode
          switch try candidate.prepare(boundNode, label: node.label, threads: threads) {
          case .prepared(let kernel): return .kernel(kernel, declined: declined)
          case .declined(let reason): declined.append(.init(source: plugin.name, reason: reason))
          }
        }
      }
    }
    if let body = try body() { return body }
    let reasons = declined.map { "\($0.source): \($0.reason)" }.joined(separator: "; ")
    throw .kernel(
      node: node.label, op: node.op, kernel: backend.text, reason: "no kernel, and nothing may fall back: \(reasons)")
  }
}
