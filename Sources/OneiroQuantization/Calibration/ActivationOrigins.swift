import OneiroGraph

/// Under which names the elements of a value may be seen: its own, and those of values that it only rearranges. What
/// the planner makes a view of has no step, so nobody is shown it.
struct ActivationOrigins {
  private let sources: [String: String]
  private static let rearranging: Set<String> = [
    "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Transpose",
  ]

  init(_ graph: Graph) {
    var sources: [String: String] = [:]
    for node in graph.nodes where node.domain.isEmpty && Self.rearranging.contains(node.opType) {
      guard let input = node.inputs.first, let output = node.outputs.first else { continue }
      sources[output] = input
    }
    self.sources = sources
  }

  /// The value's own name first.
  func names(of value: String) -> [String] {
    var names = [value]
    while let last = names.last, let source = sources[last] { names.append(source) }
    return names
  }
}
