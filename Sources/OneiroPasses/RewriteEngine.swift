import OneiroGraph
import OneiroOps

/// Applies rewrites until none finds anything more. Refuses a patch that would drop a value somebody reads, or change the
/// type of one.
public struct RewriteEngine: Sendable {
  public struct Entry: Sendable {
    public let rule: String
    public let node: String
    public let reason: String
  }

  private let rules: [any RewriteRule]
  /// A rule that undoes what another does would go on for ever.
  private static let roundLimit = 16

  public init(_ rules: [any RewriteRule] = RewriteRules.all) { self.rules = rules }

  /// - types: of all values, with bound shapes; returned with those of new values.
  /// - Returns: the graph after all patches, and a line for each.
  public func apply(
    to graph: Graph, types: [String: TensorType]
  ) -> (graph: Graph, types: [String: TensorType], log: [Entry]) {
    var graph = graph, types = types, log: [Entry] = []
    for rule in rules {
      for _ in 0..<Self.roundLimit {
        let patches = proposals(rule, in: graph, &types)
        if patches.isEmpty { break }
        log += patches.map { Entry(rule: rule.name, node: $0.removed.last ?? "", reason: $0.reason) }
        graph = Self.applied(patches, to: graph)
      }
    }
    return (graph, types, log)
  }

  /// Patches that do not touch each other's nodes.
  private func proposals(_ rule: any RewriteRule, in graph: Graph, _ types: inout [String: TensorType]) -> [GraphPatch]
  {
    let index = GraphIndex(graph, types: types)
    var taken: Set<String> = []
    var patches: [GraphPatch] = []
    for node in graph.nodes where rule.targets.contains(node.opType) {
      guard let patch = rule.rewrite(node, in: index), taken.isDisjoint(with: patch.removed),
        let added = check(patch, index)
      else { continue }
      types.merge(added) { _, new in new }
      taken.formUnion(patch.removed)
      patches.append(patch)
    }
    return patches
  }

  /// The types of the values that the patch writes; `nil` when it must not be applied.
  private func check(_ patch: GraphPatch, _ index: GraphIndex) -> [String: TensorType]? {
    let positions = Set(patch.removed.compactMap(index.position))
    guard positions.count == patch.removed.count else { return nil }
    let rewritten = Set(patch.added.flatMap(\.outputs))
    for position in positions {
      for output in index.graph.nodes[position].outputs where !output.isEmpty && !rewritten.contains(output) {
        guard !index.isOutput(output), index.readers(of: output).allSatisfy(positions.contains) else { return nil }
      }
    }
    var types = index.types, added: [String: TensorType] = [:], constants = index.graph.initializers
    for (name, tensor) in patch.initializers {
      guard index.types[name] == nil else { return nil }
      constants[name] = tensor
      types[name] = TensorType(tensor.elementType, dims: tensor.dims)
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
