extension [Node] {
  /// The nodes so that each one comes after those whose outputs it or its bodies read. Nodes that are in such an order
  /// already keep it; of the others, each comes as early as the first reader asks for it.
  /// - Throws: when nodes wait for each other in a circle, with the names of those on it.
  public func topologicallySorted() throws(GraphError) -> [Node] {
    var makers: [String: Int] = [:]
    for (index, node) in enumerated() {
      for output in node.outputs where !output.isEmpty { makers[output] = index }
    }
    let needs = map { node in node.readNames.compactMap { makers[$0] } }
    var progress = [SortProgress](repeating: .waiting, count: count)
    var order: [Node] = []
    order.reserveCapacity(count)
    // A depth-first walk with its own stack, since a chain of nodes can be longer than the thread's stack is deep.
    var path: [(node: Int, nextNeed: Int)] = []
    for start in indices where progress[start] == .waiting {
      progress[start] = .open
      path.append((start, 0))
      while let (node, nextNeed) = path.last {
        guard nextNeed < needs[node].count else {
          progress[node] = .placed
          order.append(self[node])
          path.removeLast()
          continue
        }
        path[path.count - 1].nextNeed += 1
        let need = needs[node][nextNeed]
        switch progress[need] {
        case .placed: break
        case .waiting:
          progress[need] = .open
          path.append((need, 0))
        case .open:
          let circle = path.drop { $0.node != need }.map { self[$0.node].label }
          // Each node on the path needs the one after it, and the last one needs the first.
          throw .mismatch(
            node: self[need], nil, expected: "a graph without cycles",
            found: "a cycle of \(circle.count): \(Self.listing(circle.reversed()))")
        }
      }
    }
    return order
  }

  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "\"\($0)\"" }.joined(separator: " -> ")
    return names.count > 5 ? shown + " -> ..." : shown
  }
}

private enum SortProgress { case waiting, open, placed }

extension Node {
  /// The names of all values that the node reads, those its bodies take from the graphs around them included.
  public var readNames: [String] {
    inputs.filter { !$0.isEmpty } + bodies.flatMap { $0.graph.capturedNames.sorted() }
  }
}
