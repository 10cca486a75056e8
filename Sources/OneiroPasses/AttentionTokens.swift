import OneiroGraph

/// How q, k or v of an attention becomes tokens [items, rows, heads * size].
struct AttentionTokens {
  struct Shape {
    let items, rows, heads, size: Int
    var width: Int { heads * size }
    var dims: [Int] { [items, rows, width] }
  }

  private enum Way {
    /// They lie in memory of `rowWidth` elements a row, from `offset` on.
    case part(rowWidth: Int, offset: Int)
    /// They have to be transposed: the source is [items, heads, rows, size], or with the last two swapped.
    case copy(isTransposed: Bool)
  }

  private let source: String
  private let way: Way
  private let shape: Shape
  private let sourceDims: [Int]
  /// What the source's elements have still to be multiplied by.
  let factor: Double
  /// What stood between the source and the attention.
  let nodes: [Node]

  /// Whether elements change their order.
  var isCopy: Bool { if case .copy = way { true } else { false } }

  /// `nil` when the elements do not lie as tokens.
  init?(_ origin: ValueOrigin, isTransposed: Bool, _ shape: Shape, in graph: GraphIndex) {
    let axes = origin.layout.axes
    guard axes.count >= 2, let dims = graph.dims(origin.source), let count = Tensor.elementCount(dims) else {
      return nil
    }
    var batch = origin.layout
    batch.axes = [Array(axes.dropLast(2).joined())]
    guard let split = batch.reshaped([shape.items, shape.heads]) else { return nil }
    let rows = AxisLayout.joined(axes[axes.count - (isTransposed ? 1 : 2)])
    let elements = AxisLayout.joined(axes[axes.count - (isTransposed ? 2 : 1)])
    let items = AxisLayout.joined(split.axes[0]), heads = AxisLayout.joined(split.axes[1])
    // Where an axis has one element, its stride may be any.
    let rowWidth = rows.first?.stride ?? items.first?.stride ?? count
    guard rows.count <= 1, items.count <= 1, heads.count <= 1, elements.count <= 1,
      elements.first?.stride ?? 1 == 1, heads.first?.stride ?? shape.size == shape.size,
      items.first.map({ $0.stride == shape.rows * rowWidth }) ?? true, shape.items * shape.rows * rowWidth == count,
      origin.layout.offset + shape.width <= rowWidth
    else { return nil }
    source = origin.source
    sourceDims = dims
    way = .part(rowWidth: rowWidth, offset: origin.layout.offset)
    (factor, nodes) = (origin.factor, origin.nodes)
    self.shape = shape
  }

  /// - value: [..., rows, size], or [..., size, rows].
  init(copying value: String, isTransposed: Bool, _ shape: Shape) {
    source = value
    sourceDims = []
    way = .copy(isTransposed: isTransposed)
    (factor, nodes) = (1, [])
    self.shape = shape
  }

  /// Adds what is needed. Returns: the value that holds the tokens.
  /// - name: of the value, if a new one is needed.
  func write(_ name: String, like node: Node, _ patch: inout GraphPatch) -> String {
    switch way {
    case .part(let rowWidth, let offset):
      let rows = [shape.items, shape.rows, rowWidth], isWhole = rowWidth == shape.width
      var value = source
      if sourceDims != rows {
        value = isWhole ? name : "\(name).rows"
        patch.addReshape(source, to: rows, value, like: node)
      }
      if isWhole { return value }
      let bounds = [("start", offset), ("end", offset + shape.width), ("axis", 2)].map { (what, number) in
        patch.addInitializer("\(name).\(what)", Tensor([Int64(number)], dims: [1]))
        return "\(name).\(what)"
      }
      patch.add(Node("Slice", name: name, inputs: [value] + bounds, outputs: [name], metadata: node.metadata))
      return name
    case .copy(let isTransposed):
      let inner = isTransposed ? [shape.size, shape.rows] : [shape.rows, shape.size]
      patch.addReshape(source, to: [shape.items, shape.heads] + inner, "\(name).heads", like: node)
      patch.addTranspose("\(name).heads", isTransposed ? [0, 3, 1, 2] : [0, 2, 1, 3], "\(name).split", like: node)
      patch.addReshape("\(name).split", to: shape.dims, name, like: node)
      return name
    }
  }
}

extension GraphPatch {
  /// - node: whose metadata the new one bears.
  mutating func addReshape(_ source: String, to dims: [Int], _ target: String, like node: Node) {
    addInitializer("\(target)#shape", Tensor(dims.map(Int64.init), dims: [dims.count]))
    add(
      Node("Reshape", name: target, inputs: [source, "\(target)#shape"], outputs: [target], metadata: node.metadata))
  }

  mutating func addTranspose(_ source: String, _ order: [Int], _ target: String, like node: Node) {
    add(
      Node(
        "Transpose", name: target, inputs: [source], outputs: [target],
        attributes: ["perm": .ints(order.map(Int64.init))], metadata: node.metadata))
  }
}
