import OneiroGraph
import OneiroOps
import OneiroRuntime

/// A graph from one of its nodes on, with what the nodes before it compute in some calls: what a change there does to
/// the outputs is seen without running those again. It only moves forward, so that no values are kept but those which
/// are still read.
package struct GraphRest {
  private let whole: Graph
  private let planner: Planner
  /// The names that each node reads.
  private let reads: [[String]]
  /// Positions of nodes that compute the same in every call, as they read constants alone: they stay.
  private let constant: [Int]
  /// The names of initializers and of what those nodes compute.
  private let constantNames: Set<String>
  /// For each value, the last node that reads it.
  private let lastReader: [String: Int]
  /// For each constant, the first node that reads it, or what is made of it, and is called with other values.
  private let firstReader: [String: Int]
  private var position = 0
  /// Of each call, values that are read from `position` on.
  private var values: [[String: Value]]

  /// The nodes from the position on, as a graph.
  package private(set) var graph: Graph
  /// What that graph's inputs are in each of the calls.
  package var calls: [[String: Value]] {
    let names = Set(graph.inputs.map(\.name))
    return values.map { $0.filter { names.contains($0.key) } }
  }
  /// The names of all values that are kept.
  package var keptNames: Set<String> { values.reduce(into: []) { $0.formUnion($1.keys) } }

  /// - calls: inputs of the whole graph; one at least.
  package init(_ graph: Graph, calls: [[String: Tensor]], planner: Planner) {
    (whole, self.planner, self.graph) = (graph, planner, graph)
    // What a call may give, and does not, is an input all the same.
    let defaults = Dictionary(
      graph.inputs.compactMap { info in graph.initializers[info.name].map { (info.name, Value.tensor($0)) } },
      uniquingKeysWith: { first, _ in first })
    values = calls.map { $0.mapValues(Value.tensor).merging(defaults) { given, _ in given } }
    reads = graph.nodes.map(\.readNames)
    var names = Set(graph.initializers.keys).union(graph.sparseInitializers.keys).subtracting(values.flatMap(\.keys))
    var constant: [Int] = [], lastReader: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for name in reads[index] { lastReader[name] = index }
      guard reads[index].allSatisfy(names.contains), !TypeInference.random.contains(node.opType) else { continue }
      constant.append(index)
      names.formUnion(node.outputs)
    }
    let fixed = Set(constant)
    var firstReader: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated().reversed() {
      let first = fixed.contains(index) ? node.outputs.compactMap { firstReader[$0] }.min() : index
      guard let first else { continue }
      for name in reads[index] where names.contains(name) { firstReader[name] = min(firstReader[name] ?? first, first) }
    }
    (self.constant, constantNames) = (constant, names)
    (self.lastReader, self.firstReader) = (lastReader, firstReader)
  }

  /// From where on a change of a layer's weight is felt: other nodes may read it before the layer does.
  package func start(of layer: QuantizableLayer) -> Int { min(firstReader[layer.weight] ?? layer.index, layer.index) }

  /// Runs the nodes up to the one at `index`, and leaves them behind.
  package mutating func advance(to index: Int) throws(RunError) {
    guard index > position else { return }
    let needed = (position..<index).flatMap { whole.nodes[$0].outputs }
      .filter { (lastReader[$0] ?? -1) >= index && !constantNames.contains($0) }
    if !needed.isEmpty {
      let runner = GraphRunner(part(position..<index, outputs: needed.map { ValueInfo($0, nil) }), planner: planner)
      let names = Set(runner.graph.inputs.map(\.name))
      for call in values.indices {
        let computed = try runner.run(values[call].filter { names.contains($0.key) })
        values[call].merge(computed) { _, new in new }
      }
    }
    position = index
    values = values.map { $0.filter { (lastReader[$0.key] ?? -1) >= index } }
    let computed = Set(whole.nodes[index...].flatMap(\.outputs)).union(constantNames)
    graph = part(index..<whole.nodes.count, outputs: whole.outputs.filter { computed.contains($0.name) })
  }

  /// Some of the nodes as a graph, and those before them that compute constants for it.
  private func part(_ range: Range<Int>, outputs: [ValueInfo]) -> Graph {
    var needed = Set(reads[range].joined()).union(outputs.map(\.name))
    var before: [Node] = []
    for index in constant.reversed() where index < range.lowerBound {
      let node = whole.nodes[index]
      guard node.outputs.contains(where: needed.contains) else { continue }
      needed.formUnion(reads[index])
      before.append(node)
    }
    var part = whole
    part.nodes = before.reversed() + whole.nodes[range]
    part.outputs = outputs
    part.removeInitializers { !needed.contains($0) || values[0][$0] != nil }
    part.sparseInitializers = whole.sparseInitializers.filter { needed.contains($0.key) && values[0][$0.key] == nil }
    let own = Set(part.nodes.flatMap(\.outputs))
    part.inputs = []
    for name in values[0].keys.sorted() where needed.contains(name) && !own.contains(name) {
      if let tensor = fewNumbers(name) {
        part.addInitializer(name, tensor)
      } else {
        // Of any shape, as calls may differ.
        part.inputs.append(ValueInfo(name, nil))
      }
    }
    return part
  }

  /// A value that is the same few numbers in every call, such as a shape, by which others are planned.
  private func fewNumbers(_ name: String) -> Tensor? {
    let most = 64
    guard let first = values[0][name]?.tensor, first.elementType != .string, first.count <= most else { return nil }
    let isSame = values.allSatisfy { call in
      guard let other = call[name]?.tensor else { return false }
      return other.elementType == first.elementType && other.dims == first.dims
        && other.bytes.elementsEqual(first.bytes)
    }
    return isSame ? first : nil
  }
}
