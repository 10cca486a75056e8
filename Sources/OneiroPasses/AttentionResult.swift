import OneiroGraph

/// Which value an attention's tokens [items, queries, heads * size] can be written to: one behind the mix whose
/// elements come in their order, and the one of their shape if there is any.
struct AttentionResult {
  /// The value that the patch has to compute.
  let output: String
  /// What stood between the mix and that value.
  let nodes: [Node]
  /// Whether elements change their order, because no such value was found.
  let isCopy: Bool
  private let dims, tokens, split: [Int]
  private let order: [Int]

  /// `nil` when the mix's batch axes do not fall into items and heads.
  init?(_ pattern: AttentionPattern, items: Int, heads: Int, in graph: GraphIndex) {
    let mix = pattern.mix.outputs[0]
    split = [items, pattern.queryCount, heads, pattern.valueSize]
    tokens = [items, pattern.queryCount, heads * pattern.valueSize]
    order = pattern.mixIsTransposed ? [0, 2, 3, 1] : [0, 2, 1, 3]
    guard let mixDims = graph.dims(mix),
      var layout = AxisLayout(contiguous: split).transposed(order)?.reshaped(mixDims)
    else { return nil }
    var value = mix, passed: [Node] = []
    var found: (value: String, nodes: [Node])?
    while true {
      if layout.isContiguous {
        found = (value, passed)
        // No Reshape is needed there.
        if graph.dims(value) == tokens { break }
      }
      guard let node = graph.onlyReader(of: value), let after = Self.moved(layout, by: node, graph) else { break }
      layout = after
      value = node.outputs[0]
      passed.append(node)
    }
    isCopy = found == nil
    (output, nodes) = found ?? (mix, [])
    dims = graph.dims(output) ?? mixDims
  }

  private static func moved(_ layout: AxisLayout, by node: Node, _ graph: GraphIndex) -> AxisLayout? {
    guard node.domain.isEmpty, let dims = graph.dims(node.outputs[0]) else { return nil }
    switch node.opType {
    case "Transpose": return layout.transposed(node.permutation(rank: dims.count))
    case "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity": return layout.reshaped(dims)
    default: return nil
    }
  }

  /// Whether the output has the tokens' very shape.
  var isDirect: Bool { !isCopy && dims == tokens }

  func write(from value: String, like node: Node, _ patch: inout GraphPatch) {
    if isCopy {
      patch.addReshape(value, to: split, "\(output)#split", like: node)
      patch.addTranspose("\(output)#split", order, "\(output)#heads", like: node)
      patch.addReshape("\(output)#heads", to: dims, output, like: node)
    } else if !isDirect {
      patch.addReshape(value, to: dims, output, like: node)
    }
  }
}
