import OneiroGraph
import OneiroOps

/// Constants that a value is linear in, channel by channel: divided by factors, they make the value come out divided.
struct ChannelSource {
  /// Positions of a constant, one for each channel, along one of its axes.
  struct Part {
    let constant: String
    let axis: Int
    /// The first channel's position.
    let first: Int
  }
  let parts: [Part]
}

/// Looks for what makes a value, upwards through operators that keep channels apart: activations that are linear on
/// either side of zero, pooling, one half of a split, one factor of a product.
struct ChannelSourceSearch {
  private let graph: Graph
  private let types: TypeInference
  private let producers: [String: Node]
  private let readerCounts: [String: Int]

  init(_ graph: Graph) throws(GraphError) {
    self.graph = graph
    types = try TypeInference(graph)
    producers = Dictionary(
      graph.nodes.flatMap { node in node.outputs.map { ($0, node) } }, uniquingKeysWith: { first, _ in first })
    var counts: [String: Int] = [:]
    for name in graph.nodes.flatMap(\.inputs) { counts[name, default: 0] += 1 }
    // What others see of the graph, or replace in it, does not change.
    let seen = graph.outputs.map(\.name) + graph.inputs.map(\.name)
    for name in seen + graph.nodes.flatMap({ $0.bodies.flatMap { $0.graph.capturedNames } }) { counts[name] = .max }
    readerCounts = counts
  }

  /// How many nodes read the value; as many as there can be where it is not the graph's own.
  func readerCount(of value: String) -> Int { readerCounts[value] ?? 0 }

  func rank(of value: String) -> Int? { types.types[value]?.tensorType?.shape?.count }

  /// - axis: of the value, that its channels lie along.
  /// - Returns: `nil` where something on the way is read elsewhere too, or is no constant.
  func source(of value: String, axis: Int, channels: Int) -> ChannelSource? {
    parts(of: value, axis: axis, first: 0, channels: channels).map(ChannelSource.init)
  }

  /// - first: the position along `axis` of the first of the channels that are looked for.
  private func parts(of value: String, axis: Int, first: Int, channels: Int) -> [ChannelSource.Part]? {
    guard let node = producers[value], node.domain.isEmpty, let rank = rank(of: value) else { return nil }
    func above(_ input: Int, axis: Int, first: Int = first) -> [ChannelSource.Part]? {
      guard node.inputs.count > input, self.rank(of: node.inputs[input]) == rank,
        readerCount(of: node.inputs[input]) == 1
      else { return nil }
      return parts(of: node.inputs[input], axis: axis, first: first, channels: channels)
    }
    /// Inputs that are constants of rank 1, or absent.
    func vectors(_ inputs: [Int]) -> [ChannelSource.Part]? {
      constants(node, inputs.map { ($0, 0) }, first, channels, rank: 1)
    }
    switch node.opType {
    case "LayerNormalization" where axis == rank - 1: return vectors([1, 2])
    case "GroupNormalization" where axis == 1, "InstanceNormalization" where axis == 1: return vectors([1, 2])
    case "BatchNormalization" where axis == 1 && node.outputs.count == 1: return vectors([1, 2])
    case "Conv" where axis == 1:
      guard let filters = constants(node, [(1, 0)], first, channels), let bias = vectors([2]) else { return nil }
      return filters + bias
    case "Gemm" where axis == 1:
      let isTransposed = node.flag("transB")
      guard let matrix = constants(node, [(1, isTransposed ? 0 : 1)], first, channels), let bias = vectors([2])
      else { return nil }
      return matrix + bias
    case "MatMul" where axis == rank - 1 && rank > 1:
      return constants(node, [(1, 1)], first, channels, rank: 2)
    case "Relu", "LeakyRelu", "Identity": return above(0, axis: axis)
    case "MaxPool" where axis == 1 && node.outputs.count == 1, "AveragePool" where axis == 1,
      "GlobalAveragePool" where axis == 1, "GlobalMaxPool" where axis == 1:
      return above(0, axis: axis)
    case "Transpose":
      var order = Array((0..<rank).reversed())
      if case .ints(let given) = node.attributes["perm"] { order = given.map(Int.init) }
      return order.indices.contains(axis) ? above(0, axis: order[axis]) : nil
    case "Add", "Sub": return sum(node, rank, axis, first, channels, above: { above($0, axis: axis) })
    case "Mul":
      for input in [0, 1] {
        if let found = broadcast(node, input, rank, axis, first, channels) { return found }
      }
      return above(0, axis: axis) ?? above(1, axis: axis)
    case "Div": return above(0, axis: axis)
    case "Split":
      guard let offset = offset(of: value, in: node, rank, axis) else { return nil }
      return above(0, axis: axis, first: first + offset)
    default: return nil
    }
  }

  /// A value and a constant that has a number for each channel.
  private func sum(
    _ node: Node, _ rank: Int, _ axis: Int, _ first: Int, _ channels: Int,
    above: (_ input: Int) -> [ChannelSource.Part]?
  ) -> [ChannelSource.Part]? {
    for input in [0, 1] {
      guard let bias = broadcast(node, input, rank, axis, first, channels), let rest = above(1 - input) else {
        continue
      }
      return rest + bias
    }
    return nil
  }

  /// A constant operand that differs along `axis`, whose extent in the other operand is as large.
  private func broadcast(
    _ node: Node, _ input: Int, _ rank: Int, _ axis: Int, _ first: Int, _ channels: Int
  ) -> [ChannelSource.Part]? {
    guard node.inputs.count == 2, let constant = graph.initializers[node.inputs[input]] else { return nil }
    let own = axis - (rank - constant.rank)
    guard own >= 0, constant.dims[own] > 1 || channels == 1 else { return nil }
    return constants(node, [(input, own)], first, channels)
  }

  /// - inputs: with the axis of channels of each; an absent one is left out.
  /// - rank: that the constants have; any where it is `nil`.
  private func constants(
    _ node: Node, _ inputs: [(index: Int, axis: Int)], _ first: Int, _ channels: Int, rank: Int? = nil
  ) -> [ChannelSource.Part]? {
    var parts: [ChannelSource.Part] = []
    for (index, axis) in inputs where index < node.inputs.count && !node.inputs[index].isEmpty {
      let name = node.inputs[index]
      guard let constant = graph.initializers[name], constant.elementType == .float32, readerCount(of: name) == 1,
        rank == nil || constant.rank == rank, axis < constant.rank, first + channels <= constant.dims[axis]
      else { return nil }
      parts.append(ChannelSource.Part(constant: name, axis: axis, first: first))
    }
    return parts
  }

  /// Where one of a Split's results starts along the axis that it splits, which has to be `axis`.
  private func offset(of value: String, in node: Node, _ rank: Int, _ axis: Int) -> Int? {
    let along = Int(node.int("axis") ?? 0)
    guard along == axis || along == axis - rank, let position = node.outputs.firstIndex(of: value) else { return nil }
    var offset = 0
    for output in node.outputs.prefix(position) {
      guard let extent = types.types[output]?.tensorType?.shape?[axis].extent else { return nil }
      offset += extent
    }
    return offset
  }
}

extension Node {
  func int(_ name: String) -> Int64? { if case .int(let value) = attributes[name] { value } else { nil } }
  func flag(_ name: String) -> Bool { int(name) ?? 0 != 0 }
}
