import OneiroGraph
import OneiroRuntime

/// A graph from one of its nodes on, with what the nodes before it compute in some calls: what a change there does to
/// the outputs is seen without running those again. It only moves forward, so that no values are kept but those which
/// are still read.
package struct GraphRest {
  private let whole: Graph
  private let planner: Planner
  /// Positions of nodes that read constants alone. What they compute is known when a graph is planned, so they stay.
  private let constant: [Int]
  /// For each value that a node computes or a call gives, the last node that reads it.
  private let lastReader: [String: Int]
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

  /// - calls: inputs of the whole graph.
  package init(_ graph: Graph, calls: [[String: Tensor]], planner: Planner) {
    (whole, self.planner, self.graph) = (graph, planner, graph)
    values = calls.map { $0.mapValues(Value.tensor) }
    var known = Set(graph.initializers.keys).union(graph.sparseInitializers.keys)
      .subtracting(calls.flatMap(\.keys))
    var constant: [Int] = [], lastReader: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for name in node.readNames { lastReader[name] = index }
      guard node.readNames.allSatisfy(known.contains) else { continue }
      constant.append(index)
      known.formUnion(node.outputs)
    }
    (self.constant, self.lastReader) = (constant, lastReader)
  }

  /// Runs the nodes up to the one at `index`, and leaves them behind.
  package mutating func advance(to index: Int) throws(RunError) {
    guard index > position else { return }
    let fixed = Set(constant)
    let needed = (position..<index).filter { !fixed.contains($0) }.flatMap { whole.nodes[$0].outputs }
      .filter { (lastReader[$0] ?? -1) >= index }
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
    let computed = Set(whole.nodes[index...].flatMap(\.outputs))
    graph = part(index..<whole.nodes.count, outputs: whole.outputs.filter { computed.contains($0.name) })
  }

  /// Some of the nodes as a graph, and those before them that compute constants for them.
  private func part(_ range: Range<Int>, outputs: [ValueInfo]) -> Graph {
    var needed = Set(range.flatMap { whole.nodes[$0].readNames })
    var before: [Node] = []
    for index in constant.reversed() where index < range.lowerBound {
      let node = whole.nodes[index]
      guard node.outputs.contains(where: needed.contains) else { continue }
      needed.formUnion(node.readNames)
      before.append(node)
    }
    var part = whole
    part.nodes = before.reversed() + whole.nodes[range]
    part.outputs = outputs
    part.removeInitializers { !needed.contains($0) || values[0][$0] != nil }
    part.sparseInitializers = whole.sparseInitializers.filter { needed.contains($0.key) }
    let own = Set(part.nodes.flatMap(\.outputs)).union(part.initializers.keys).union(part.sparseInitializers.keys)
    part.inputs = []
    for (name, value) in values[0].sorted(by: { $0.key < $1.key }) where needed.contains(name) && !own.contains(name) {
      if let shape = shape(name) {
        part.addInitializer(name, shape)
      } else {
        part.inputs.append(ValueInfo(name, value.type))
      }
    }
    return part
  }

  /// A value that is the same few whole numbers in every call: what a shape or an index is made of, by which others are
  /// planned.
  private func shape(_ name: String) -> Tensor? {
    let most = 64
    guard let first = values[0][name]?.tensor, first.elementType == .int64, first.count <= most else { return nil }
    let numbers = first.doubles()
    return values.allSatisfy { $0[name]?.tensor?.doubles() == numbers } ? first : nil
  }
}
