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
  public init(
    _ rules: [any RewriteRule] = RewriteRules.all, settings: RewriteSettings = RewriteSettings(),
    log: RewriteLog = RewriteLog()
  ) {
    self.rules = rules.filter { !settings.skipped.contains($0.name) }
    self.log = log
  }

  /// - types: of all values, with bound shapes; returned with those of new values.
  public func apply(to graph: Graph, types: [String: TensorType]) -> (graph: Graph, types: [String: TensorType]) {
    var graph = graph, types = types
    for rule in rules {
      for _ in 0..<Self.roundLimit {
        let patches = proposals(rule, in: graph, &types)
        if patches.isEmpty { break }
        graph = Self.applied(patches, to: graph)
      }
    }
    return (graph.withoutUnreadInitializers, types)
  }

  /// Patches that do not touch each other: none takes out a node that another one takes out, or a value that another
  /// one reads.
  private func proposals(_ rule: any RewriteRule, in graph: Graph, _ types: inout [String: TensorType]) -> [GraphPatch]
  {
    guard graph.nodes.contains(where: { rule.targets.contains($0.opType) }) else { return [] }
    let index = GraphIndex(graph, types: types)
    var removed: Set<String> = [], gone: Set<String> = [], read: Set<String> = []
    var patches: [GraphPatch] = []
    for node in graph.nodes where rule.targets.contains(node.opType) {
      guard let patch = rule.rewrite(node, in: index), removed.isDisjoint(with: patch.removed) else { continue }
      let drops = patch.dropped(from: index), reads = Set(patch.added.flatMap(\.inputs))
      guard drops.isDisjoint(with: reads), gone.isDisjoint(with: reads), read.isDisjoint(with: drops),
        let added = check(patch, index),
        log.admit(rule: rule.name, value: patch.removed.last ?? "", reason: patch.reason)
      else { continue }
      types.merge(added) { _, new in new }
      removed.formUnion(patch.removed)
      gone.formUnion(drops)
      read.formUnion(reads)
      patches.append(patch)
    }
    return patches
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
    var types = index.types, added: [String: TensorType] = [:], constants = index.graph.initializers
    for (name, tensor) in patch.initializers {
      let type = TensorType(tensor.elementType, dims: tensor.dims)
      if let known = index.types[name] { guard known == type, replaced.contains(name) else { return nil } }
      constants[name] = tensor
      types[name] = type
      added[name] = types[name]
    }
    for node in patch.added {
      guard let op = Operators.find(node.op) else { return nil }
      let context = InferenceContext(
        node: node, schema: op.schema, inputs: node.inputs.map { types[$0].map(ValueType.tensor) },
        values: node.inputs.map { constants[$0] })
      guard let inferred = try? op.infer(context) else { return nil }
      for (name, type) in zip(node.outputs, inferred) where !name.isEmpty {
        guard let type = type.tensorType, type.dims != nil, index.types[name].map({ $0 == type }) ?? true else {
          return nil
        }
        types[name] = type
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
    result.nodes = graph.nodes.flatMap { node -> [Node] in
      guard let key = node.key, removed.contains(key) else { return [node] }
      return insertions[key] ?? []
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
