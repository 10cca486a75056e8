import OneiroGraph
import OneiroOps
import OneiroPasses

/// Finds the kernel for one node: of those in the backend's sources that take it the one that promises the least time,
/// and the first of these.
struct KernelChoice {
  let backend: Backend
  let hostOperators: [any HostOperator.Type]
  let threads: Int
  let tuning: Tuning
  /// Bytes that the process may have resident: packed constants are in memory only while their node runs then; `nil`:
  /// as many as it takes.
  let maxMemory: Int?
  /// Where what is packed is kept; `nil`: nowhere.
  let packed: PackedAccess?

  enum Choice {
    case kernel(any PreparedKernel, declined: [ExecutionPlan.Declined])
    /// No plugin takes the node, and its operator can be written in others.
    case body(ExpandBody, declined: [ExecutionPlan.Declined])
  }

  /// - expand: writes the node in other operators, if that can be.
  /// - constants: one for each input, where its value is known.
  /// - preferred: taken again, untimed, where it takes the node: another one would round in another way.
  /// - plan: plans the body of a host operator.
  func choose(
    _ node: Node, _ op: any Operator.Type, inputs: [TensorType?], outputs: [TensorType?], constants: [Tensor?],
    preferring preferred: (any PreparedKernel)?,
    expand: () throws(GraphError) -> ExpandBody?,
    plan: (Graph, [String: TensorType], [[String]]) throws(RunError) -> ExecutionPlan
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
    func bind(for kernel: PluginKernel) -> BoundNode {
      let showsNarrow = hasNarrow && kernel.readsNarrow
      if let known = bound[showsNarrow] { return known }
      let made = BoundNode(
        node, schema: op.schema, inputs: inputs, outputs: outputs, constants: constants, showsNarrow: showsNarrow)
      bound[showsNarrow] = made
      return made
    }

    let chain = backend.chain(for: node)
    var offers: [KernelTuner.Offer] = []
    for case .plugin(let plugin) in chain {
      let candidates = plugin.kernels(for: node.op)
      guard !candidates.isEmpty else {
        declined.append(.init(source: plugin.name, reason: "has no kernel for \(node.op)"))
        continue
      }
      guard BoundNode.canCross(inputs: inputs, constants: constants, outputs: outputs) else {
        declined.append(.init(source: plugin.name, reason: "an element type that the kernel ABI does not carry"))
        continue
      }
      for candidate in candidates where backend.method == nil || candidate.method == backend.method {
        guard !candidate.isApproximate || backend.precision == .standard else {
          declined.append(
            .init(source: plugin.name, reason: "rounds more than the definition, and precision is strict"))
          continue
        }
        guard candidate.readsFourBits || !inputs.contains(where: BoundNode.isOfFourBits) else {
          declined.append(.init(source: plugin.name, reason: "does not know elements of four bits"))
          continue
        }
        let bound = bind(for: candidate)
        if let reason = candidate.refusal(of: bound) {
          declined.append(.init(source: plugin.name, reason: reason))
        } else {
          let time = candidate.relativeTime(of: bound, threads: threads)
          offers.append(.init(kernel: candidate, plugin: plugin, node: bound, relativeTime: time))
        }
      }
    }
    let same = offers.first { $0.kernel.source == preferred?.source && $0.kernel.isaAndMethod == preferred?.isa }
    let choice =
      same.map { .order([$0] + offers) }
      ?? KernelTuner(tuning: tuning, threads: threads, maxMemory: maxMemory, keepsPacked: packed != nil)
      .choose(among: offers, label: node.label, canRun: !hasNarrow)
    switch choice {
    case .prepared(let kernel): return .kernel(try streamed(kernel, packing: nil, node), declined: declined)
    case .order(let offers):
      for offer in offers {
        let (answer, packing) = try prepare(offer, node)
        switch answer {
        case .prepared(let kernel):
          return .kernel(try streamed(kernel, packing: packing, node), declined: declined)
        case .declined(let reason): declined.append(.init(source: offer.kernel.source, reason: reason))
        }
      }
    }
    if chain.contains(where: { if case .reference = $0 { true } else { false } }) {
      // The parts of a fused operator may have the fast kernels that the whole has not.
      if !declined.isEmpty, let body = try body() { return body }
      return .kernel(ReferenceKernel(node, op, inputs: inputs, outputs: outputs), declined: declined)
    }
    if let body = try body() { return body }
    let reasons = declined.map { "\($0.source): \($0.reason)" }.joined(separator: "; ")
    throw .noKernel(node: node.label, op: node.op, backend: backend.text, reasons: reasons)
  }

  /// - Returns: beside the answer how far memory grew meanwhile, where that has to be known and the system tells.
  private func prepare(
    _ offer: KernelTuner.Offer, _ node: Node
  ) throws(RunError) -> (PluginKernel.Answer, packing: Int?) {
    func prepare() throws(RunError) -> PluginKernel.Answer {
      try offer.kernel.prepare(offer.node, label: node.label, threads: threads, tuning: tuning, packed: packed)
    }
    guard maxMemory != nil, offer.node.constantByteCount >= StreamedKernel.smallestByteCount else {
      return (try prepare(), nil)
    }
    let (answer, packing) = try StreamedKernel.measuring(offer.node, prepare: prepare)
    return (answer, packing)
  }

  private func streamed(
    _ kernel: any PreparedKernel, packing: Int?, _ node: Node
  ) throws(RunError) -> any PreparedKernel {
    guard maxMemory != nil else { return kernel }
    return try StreamedKernel.replacing(
      kernel, packing: packing, label: node.label, threads: threads, tuning: tuning, packed: packed)
  }
}
