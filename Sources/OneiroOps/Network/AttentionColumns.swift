import OneiroGraph

/// Where Q, K and V of a ScaledDotProductAttention lie in the rows of its inputs, when they are parts of wider rows: a
/// network that makes all three with one product has them side by side.
///
///     Q = input 0 [.., .., qkv_offsets[0] ..< qkv_offsets[0] + qkv_widths[0]], and K and V alike
struct AttentionColumns {
  let widths: [Int]
  let offsets: [Int]

  /// Of attributes that were checked; `nil` where Q, K and V are whole rows.
  init?(_ attributes: NodeAttributes) {
    guard let widths = attributes.ints("qkv_widths") else { return nil }
    self.widths = widths
    offsets = attributes.ints("qkv_offsets") ?? [0, 0, 0]
  }

  /// Throws where there are not three numbers of either kind, or one is below 0.
  init?(_ node: InferenceContext) throws(GraphError) {
    for name in ["qkv_widths", "qkv_offsets"] {
      guard let numbers = node.attributes.ints(name) else { continue }
      guard numbers.count == 3, numbers.allSatisfy({ $0 >= 0 }) else {
        throw .mismatch(node: node.node, "attribute \(name)", expected: "three numbers from 0 up", found: "\(numbers)")
      }
    }
    guard node.attributes.has("qkv_widths") || !node.attributes.has("qkv_offsets") else {
      throw .invalid(node: node.node, "attribute qkv_offsets", "stands without qkv_widths")
    }
    self.init(node.attributes)
  }

  /// The extent that is left of the last one of input `index`.
  func part(of row: Dimension, _ index: Int, _ node: InferenceContext) throws(GraphError) -> Dimension {
    let end = offsets[index].addingReportingOverflow(widths[index])
    if let extent = row.extent {
      guard !end.overflow, end.partialValue <= extent else {
        throw node.fails(
          index, expected: "rows of \(offsets[index]) + \(widths[index]) or more", found: "\(extent)",
          because: "the attributes qkv_offsets and qkv_widths say so")
      }
    }
    return .known(widths[index])
  }

  /// - tensor: input `index`, [N, rows, row].
  func part(of tensor: Tensor, _ index: Int) -> Tensor {
    let row = tensor.dims[2], width = widths[index], all = tensor.doubles()
    var part: [Double] = []
    for start in stride(from: offsets[index], to: all.count, by: max(row, 1)) { part += all[start..<start + width] }
    return Tensor(tensor.elementType, doubles: part, dims: [tensor.dims[0], tensor.dims[1], width])
  }

  /// Adds a Slice for each of Q, K and V, and returns what they make.
  func addSlices(of inputs: [String], to graph: inout Graph) -> [String] {
    inputs.enumerated().map { (index, input) in
      let bounds = [("start", offsets[index]), ("end", offsets[index] + widths[index]), ("axis", 2)].map {
        (what, number) in
        graph.addInitializer("\(input).\(what)", Tensor([Int64(number)], dims: [1]))
        return "\(input).\(what)"
      }
      graph.nodes.append(Node("Slice", inputs: [input] + bounds, outputs: ["\(input).columns"]))
      return "\(input).columns"
    }
  }
}
