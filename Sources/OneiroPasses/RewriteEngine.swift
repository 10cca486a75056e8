import OneiroGraph
import OneiroOps

/// Applies rewrites until none finds anything more. Refuses a patch that would drop a value somebody reads, or change
/// the type of one.
public struct RewriteEngine: Sendable {
  private let rules: [any RewriteRule]
  private let log: RewriteLog
  /// A rule that undoes what another does would go on for ever.
  private static let roundLimit = 16

  /// - log: takes down what is applied, and says when it is enough.
  /// - isMemoryBound: whether the plan will be held to an amount of memory.
  public init(
    _ rules: [any RewriteRule] = RewriteRules.all, settings: RewriteSettings = RewriteSettings(),
    log: RewriteLog = RewriteLog(), isMemoryBound: Bool = false
  ) {
    self.rules = rules.filter { !settings.skipped.contains($0.name) && !(isMemoryBound && $0.needsUnboundMemory) }
    self.log = log
  }

  /// - types: of all values, with bound shapes; returned with those of new values.
  public func apply(to graph: Graph, types: [String: TensorType]) -> (graph: Graph, types: [String: TensorType]) {
    // An index takes as long to make as most rules take to look, and holds until something is applied.
    var index = GraphIndex(graph, types: types), opTypes = Set(graph.nodes.map(\.opType))
    for rule in rules where !rule.targets.isDisjoint(with: opTypes) {
      for _ in 0..<Self.roundLimit {
        let (patches, added) = proposals(rule, in: index)
        if patches.isEmpty { break }
        let graph = Self.applied(patches, to: index.graph)
        index = GraphIndex(graph, types: index.types.merging(added) { _, new in new })
        opTypes = Set(graph.nodes.map(\.opType))
      }
    }
    return (index.graph.withoutUnreadInitializers, index.types)
  }

  /// Patches that do not touch each other: none takes out a node that another one takes out, or a value that another
  /// one reads. With the types of the values that they write.
  private func proposals(
    _ rule: any RewriteRule, in index: GraphIndex
  ) -> (patches: [GraphPatch], types: [String: TensorType]) {
    var removed: Set<String> = [], gone: Set<String> = []
    var read: Set<String> = [], written: Set<String> = []
    var patches: [GraphPatch] = [], types: [String: TensorType] = [:]
    for node in index.graph.nodes where rule.targets.contains(node.opType) {
      guard let patch = rule.rewrite(node, in: index), removed.isDisjoint(with: patch.removed) else { continue }
      let drops = patch.dropped(from: index), reads = Set(patch.added.flatMap(\.inputs))
      let writes = patch.added.flatMap(\.outputs).filter { !$0.isEmpty }
      guard written.isDisjoint(with: writes), drops.isDisjoint(with: reads),
        gone.isDisjoint(with: reads), read.isDisjoint(with: drops),
        let added = check(patch, index),
        log.admit(rule: rule.name, value: patch.removed.last ?? "", reason: patch.reason)
      else { continue }
      types.merge(added) { _, new in new }
      removed.formUnion(patch.removed)
      gone.formUnion(drops)
      read.formUnion(reads)
      written.formUnion(writes)
      patches.append(patch)
    }
    return (patches, types)
  }

  /// The types of the values that the patch writes; `nil` when it must not be applied.
  private func check(_ patch: GraphPatch, _ index: GraphIndex) -> [String: TensorType]? {
    let positions = Set(patch.removed.compactMap(index.position))
    guard positions.count == patch.removed.count else { return nil }
    let rewritten = Set(patch.added.flatMap(\.outputs) + patch.initializers.map(\.name))
    let replaced = Set(positions.flatMap { index.graph.nodes[$0].outputs })
    for position in positions {
      for output in index.graph.nodes[position].outputs where !output.isEmpty && !rewritten.contains(output) {
        guard !index.isOutput(output), index.readers(of: output).allSatisfy(positions.contains) else { return nil }
      }
    }
    // Beside what the index has, which would be copied as a whole if it were added to.
    var added: [String: TensorType] = [:], constants: [String: Tensor] = [:]
    for (name, tensor) in patch.initializers {
      let type = TensorType(tensor.elementType, dims: tensor.dims)
      if let known = index.types[name] { guard known == type, replaced.contains(name) else { return nil } }
      constants[name] = tensor
      added[name] = type
    }
    for node in patch.added {
      guard let op = Operators.find(node.op) else { return nil }
      let context = InferenceContext(
        node: node, schema: op.schema, inputs: node.inputs.map { (added[$0] ?? index.types[$0]).map(ValueType.tensor) },
        values: node.inputs.map { constants[$0] ?? index.constant($0) })
      guard let inferred = try? op.infer(context) else { return nil }
      for (name, type) in zip(node.outputs, inferred) where !name.isEmpty {
        guard let type = type.tensorType, type.dims != nil else { return nil }
        // What is written already is written by what the patch removes, and stays what it was.
        if let known = index.types[name] { guard known == type, replaced.contains(name) else { return nil } }
        added[name] = type
      }
    }
    return added
  }

  /// New nodes stand where the last of the removed ones stood: all that those read is there by then.
  private static func applied(_ patches: [GraphPatch], to graph: Graph) -> Graph {
    var result = graph
    var removed: Set<String> = []
    var insertions: [String: [Node]] = [:]
    var order: [String: Int] = [:]
    for (position, node) in graph.nodes.enumerated() { if let key = node.key { order[key] = position } }
    for patch in patches {
      removed.formUnion(patch.removed)
      if let last = patch.removed.max(by: { order[$0] ?? 0 < order[$1] ?? 0 }) { insertions[last] = patch.added }
      for (name, tensor) in patch.initializers { result.addInitializer(name, tensor) }
    }
    result.nodes = []
    result.nodes.reserveCapacity(graph.nodes.count)
    for node in graph.nodes {
      if let key = node.key, removed.contains(key) {
        result.nodes += insertions[key] ?? []
      } else {
        result.nodes.append(node)
      }
    }
    return result
  }
}

extension Graph {
  /// The graph without constants that no node reads any more: they would keep the memory of what was packed.
  fileprivate var withoutUnreadInitializers: Graph {
    var read = Set(nodes.flatMap(\.inputs)).union(outputs.map(\.name))
    for node in nodes { for body in node.bodies { read.formUnion(body.graph.capturedNames) } }
    guard initializers.keys.contains(where: { !read.contains($0) }) else { return self }
    var result = self
    result.removeInitializers(where: { !read.contains($0) })
    return result
  }
}

extension GraphPatch {
  /// Values that are there before the patch and not after it.
  fileprivate func dropped(from index: GraphIndex) -> Set<String> {
    let outputs = removed.compactMap(index.position).flatMap { index.graph.nodes[$0].outputs }
    return Set(outputs).subtracting(added.flatMap(\.outputs)).subtracting(initializers.map(\.name)).subtracting([""])
  }
}
