import OneiroGraph

/// A value that quantized layers alone read, and whose channels can be divided by factors: what makes it takes them in,
/// and so do the weights that it is multiplied with.
struct EqualizableActivation {
  let value: String
  /// Of the value, that its channels lie along: 1 for an image, the last one for rows.
  let isImage: Bool
  let channels: Int
  let source: ChannelSource
  let readers: [Reader]

  struct Reader {
    let choice: LayerChoice
    /// Of the weight, with a position for each channel of the value.
    let axis: Int
  }

  /// All of a graph, in the order of their first readers.
  /// - choices: for layers of `graph`.
  static func all(in graph: Graph, _ choices: [LayerChoice]) throws(GraphError) -> [EqualizableActivation] {
    let search = try ChannelSourceSearch(graph)
    let byValue = Dictionary(grouping: choices.filter { $0.scheme.roundsActivations }) { $0.layer.activation }
    var seen: Set<String> = [], found: [EqualizableActivation] = []
    for value in choices.map(\.layer.activation) where seen.insert(value).inserted {
      guard let readers = byValue[value], search.readerCount(of: value) == readers.count,
        let rank = search.rank(of: value), let activation = EqualizableActivation(value, rank, readers, search)
      else { continue }
      found.append(activation)
    }
    return found
  }

  private init?(_ value: String, _ rank: Int, _ choices: [LayerChoice], _ search: ChannelSourceSearch) {
    var readers: [Reader] = []
    for choice in choices {
      guard choice.layer.isDirect, search.readerCount(of: choice.layer.weight) == 1,
        let axis = choice.layer.axisOfActivation
      else { return nil }
      readers.append(Reader(choice: choice, axis: axis))
    }
    let images = Set(choices.map { $0.layer.dims.count > 2 }), extents = Set(readers.map { $0.channels })
    guard images.count == 1, extents.count == 1, let isImage = images.first, let channels = extents.first,
      isImage ? rank > 2 : rank > 1,
      let source = search.source(of: value, axis: isImage ? 1 : rank - 1, channels: channels),
      Set(source.parts.map(\.constant)).isDisjoint(with: choices.map(\.layer.weight))
    else { return nil }
    (self.value, self.isImage, self.channels, self.source, self.readers) = (value, isImage, channels, source, readers)
  }
}

extension EqualizableActivation.Reader {
  fileprivate var channels: Int { choice.layer.dims[axis] }
}

extension LayerScheme {
  /// Whether all channels of an activation share a scale.
  fileprivate var roundsActivations: Bool { self == .w8a8 || self == .w8a8Dynamic }
}

extension QuantizableLayer {
  /// The weight's axis that follows the activation's channels; `nil` where there is none.
  fileprivate var axisOfActivation: Int? {
    let groups = node.int("group") ?? 1
    switch node.opType {
    case "Conv", "ConvTranspose":
      if groups == 1 { return reducedAxis }
      // A filter a channel.
      return node.opType == "Conv" && dims[1] == 1 && groups == dims[0] ? 0 : nil
    case "Gemm": return node.flag("transA") ? nil : reducedAxis
    default: return dims.count == 2 && weightInput == 1 ? reducedAxis : nil
    }
  }
}
