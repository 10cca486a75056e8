import OneiroGraph

/// A product of an activation and a constant weight: Conv, ConvTranspose, MatMul or Gemm.
public struct QuantizableLayer: Sendable {
  /// Position of the node in its graph.
  public let index: Int
  public let node: Node
  /// The initializer, which a Transpose or an Identity may turn before the product reads it.
  public let weight: String
  public let dims: [Int]
  /// Axis of the initializer with a position for each output channel.
  public let channelAxis: Int
  /// Axis of the initializer that the product sums over.
  public let reducedAxis: Int
  /// Which input of the node the weight is.
  public let weightInput: Int
  /// Whether the node reads the initializer itself.
  public let isDirect: Bool

  /// Unique in a graph.
  public var name: String { node.label }
  public var activationInput: Int { 1 - weightInput }
  /// The value that the weight is multiplied with.
  public var activation: String { node.inputs[activationInput] }
}

extension QuantizableLayer {
  /// The products of a graph whose weights are float32 initializers of `threshold` bytes and more, in the graph's
  /// order. An initializer that a caller may replace is none.
  public static func all(in graph: Graph, threshold: Int = 1024) -> [QuantizableLayer] {
    let inputNames = Set(graph.inputs.map(\.name))
    var origins: [String: Origin] = [:]
    for (name, tensor) in graph.initializers
    where tensor.elementType == .float32 && tensor.rank >= 2 && tensor.count * 4 >= threshold
      && !inputNames.contains(name)
    {
      origins[name] = Origin(name: name, dims: tensor.dims, axes: Array(tensor.dims.indices), isDirect: true)
    }
    var layers: [QuantizableLayer] = []
    for (index, node) in graph.nodes.enumerated() where node.domain.isEmpty {
      if let source = node.inputs.first, let origin = origins[source], let turned = origin.turned(by: node) {
        origins[node.outputs[0]] = turned
      } else if let layer = QuantizableLayer(node, index: index, origins) {
        layers.append(layer)
      }
    }
    return layers
  }

  /// Where a value's elements come from.
  private struct Origin {
    let name: String
    let dims: [Int]
    /// For each axis of the value, the initializer's.
    let axes: [Int]
    let isDirect: Bool

    func turned(by node: Node) -> Origin? {
      switch node.opType {
      case "Identity": return Origin(name: name, dims: dims, axes: axes, isDirect: false)
      case "Transpose":
        var order = Array(axes.indices.reversed())
        if case .ints(let given) = node.attributes["perm"] { order = given.map(Int.init) }
        guard order.sorted() == Array(axes.indices) else { return nil }
        return Origin(name: name, dims: dims, axes: order.map { axes[$0] }, isDirect: false)
      default: return nil
      }
    }
  }

  private init?(_ node: Node, index: Int, _ origins: [String: Origin]) {
    func origin(_ input: Int) -> Origin? { node.inputs.count > input ? origins[node.inputs[input]] : nil }
    // Axes of the value that the node reads: of the channels, and of what is summed over.
    let found: (input: Int, channel: Int, reduced: Int, origin: Origin)
    switch node.opType {
    case "Conv":
      guard let filter = origin(1), filter.axes.count >= 3 else { return nil }
      found = (1, 0, 1, filter)
    case "ConvTranspose":
      guard let filter = origin(1), filter.axes.count >= 3 else { return nil }
      found = (1, 1, 0, filter)
    case "Gemm":
      guard let matrix = origin(1), matrix.axes.count == 2, origin(0) == nil else { return nil }
      var isTransposed = false
      if case .int(let flag) = node.attributes["transB"] { isTransposed = flag != 0 }
      found = (1, isTransposed ? 0 : 1, isTransposed ? 1 : 0, matrix)
    case "MatMul":
      if let right = origin(1), origin(0) == nil {
        found = (1, right.axes.count - 1, right.axes.count - 2, right)
      } else if let left = origin(0), origin(1) == nil {
        found = (0, left.axes.count - 2, left.axes.count - 1, left)
      } else {
        return nil
      }
    default: return nil
    }
    self.index = index
    self.node = node
    weight = found.origin.name
    dims = found.origin.dims
    channelAxis = found.origin.axes[found.channel]
    reducedAxis = found.origin.axes[found.reduced]
    weightInput = found.input
    isDirect = found.origin.isDirect
  }
}
