import OneiroGraph

/// The trees of a TreeEnsemble node, with every index checked.
struct Trees {
  private enum Comparison: Int64 { case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member }
  private enum Aggregation: Int { case average, sum, smallest, largest }
  /// Where a branch leads: to an inner node or to a leaf, by its index.
  private enum Branch { case node(Int), leaf(Int) }
  private struct InnerNode {
    let comparison: Comparison
    let feature: Int
    let split: Double
    let members: Set<Double>
    /// Whether NaN is taken for true, whatever is asked.
    let takesMissing: Bool
    let whenTrue, whenFalse: Branch
  }

  let targetCount: Int
  /// How many features a row has to have.
  let featureCount: Int
  private let nodes: [InnerNode]
  private let roots: [Int]
  private let leafTargets: [Int]
  private let leafWeights: [Double]
  private let aggregation: Aggregation

  init(_ attributes: NodeAttributes) throws(KernelError) {
    func list(_ name: String, _ count: Int, below limit: Int) throws(KernelError) -> [Int] {
      let values = attributes.ints(name) ?? []
      guard values.count == count else {
        throw KernelError("attribute \(name): expected \(count) numbers, found \(values.count)")
      }
      if let wrong = values.first(where: { !(0..<limit).contains($0) }) {
        throw KernelError("attribute \(name): expected numbers in 0 ..< \(limit), found \(wrong)")
      }
      return values
    }
    targetCount = attributes.int("n_targets")
    // A row of scores is kept for each row of X.
    guard (1...1 << 24).contains(targetCount) else {
      throw KernelError("attribute n_targets: expected 1 ... 16777216, found \(targetCount)")
    }
    guard let aggregation = Aggregation(rawValue: attributes.int("aggregate_function")) else {
      throw KernelError(
        "attribute aggregate_function: expected 0 ... 3, found \(attributes.int("aggregate_function"))")
    }
    self.aggregation = aggregation
    leafWeights = attributes.tensor("leaf_weights")?.doubles() ?? []
    leafTargets = try list("leaf_targetids", leafWeights.count, below: targetCount)
    let modes = attributes.tensor("nodes_modes")?.int64s() ?? []
    let splits = attributes.tensor("nodes_splits")?.doubles() ?? []
    let count = modes.count
    guard splits.count == count else {
      throw KernelError("attribute nodes_splits: expected \(count) numbers as nodes_modes has, found \(splits.count)")
    }
    let features = try list("nodes_featureids", count, below: .max)
    featureCount = features.max().map { $0 + 1 } ?? 0
    let missing =
      attributes.has("nodes_missing_value_tracks_true")
      ? try list("nodes_missing_value_tracks_true", count, below: 2) : [Int](repeating: 0, count: count)
    let leafCount = leafWeights.count
    func branches(_ ids: String, _ leafs: String) throws(KernelError) -> [Branch] {
      let targets = try list(ids, count, below: .max), isLeaf = try list(leafs, count, below: 2)
      var result: [Branch] = []
      for (target, leaf) in zip(targets, isLeaf) {
        guard target < (leaf == 1 ? leafCount : count) else {
          throw KernelError("attribute \(ids): there is no \(leaf == 1 ? "leaf" : "node") \(target)")
        }
        result.append(leaf == 1 ? .leaf(target) : .node(target))
      }
      return result
    }
    let whenTrue = try branches("nodes_truenodeids", "nodes_trueleafs")
    let whenFalse = try branches("nodes_falsenodeids", "nodes_falseleafs")
    roots = attributes.ints("tree_roots") ?? []
    if let wrong = roots.first(where: { !(0..<count).contains($0) }) {
      throw KernelError("attribute tree_roots: expected numbers in 0 ..< \(count), found \(wrong)")
    }
    // The sets of members stand one behind the other, each ended by NaN, in the order of the nodes that ask for one.
    var members = (attributes.tensor("membership_values")?.doubles() ?? [])[...]
    var nodes: [InnerNode] = []
    for index in 0..<count {
      guard let comparison = Comparison(rawValue: modes[index]) else {
        throw KernelError("attribute nodes_modes: expected 0 ... 6, found \(modes[index])")
      }
      var set: Set<Double> = []
      if comparison == .member {
        guard let end = members.firstIndex(where: \.isNaN) else {
          throw KernelError("attribute membership_values: there is no set for node \(index)")
        }
        set = Set(members[..<end])
        members = members[(end + 1)...]
      }
      nodes.append(
        InnerNode(
          comparison: comparison, feature: features[index], split: splits[index], members: set,
          takesMissing: missing[index] == 1, whenTrue: whenTrue[index], whenFalse: whenFalse[index]))
    }
    self.nodes = nodes
  }

  /// One number for each target; a target that no leaf counts for has 0.
  func scores(of row: ArraySlice<Double>) throws(KernelError) -> [Double] {
    var scores = [Double?](repeating: nil, count: targetCount)
    for root in roots {
      let leaf = try leaf(of: row, from: root)
      let target = leafTargets[leaf], weight = leafWeights[leaf], before = scores[target]
      switch aggregation {
      case .sum: scores[target] = (before ?? 0) + weight
      case .average: scores[target] = (before ?? 0) + weight / Double(roots.count)
      case .smallest: scores[target] = before.map { min($0, weight) } ?? weight
      case .largest: scores[target] = before.map { max($0, weight) } ?? weight
      }
    }
    return scores.map { $0 ?? 0 }
  }

  private func leaf(of row: ArraySlice<Double>, from root: Int) throws(KernelError) -> Int {
    var current = root
    // No way down a tree is longer than the number of its nodes.
    for _ in nodes.indices {
      let node = nodes[current], x = row[row.startIndex + node.feature]
      switch isTrue(node, x) ? node.whenTrue : node.whenFalse {
      case .leaf(let leaf): return leaf
      case .node(let next): current = next
      }
    }
    throw KernelError("the tree of root \(root) has a circle in it")
  }

  private func isTrue(_ node: InnerNode, _ x: Double) -> Bool {
    if x.isNaN && node.takesMissing { return true }
    return switch node.comparison {
    case .lessOrEqual: x <= node.split
    case .less: x < node.split
    case .greaterOrEqual: x >= node.split
    case .greater: x > node.split
    case .equal: x == node.split
    case .notEqual: x != node.split
    case .member: node.members.contains(x)
    }
  }
}
