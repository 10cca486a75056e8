/// Weights that several layers share, as tied embeddings are. They are written once, in the form that the first of
/// those layers wants.
enum SharedWeights {
  /// The choices, such that all layers can do with that form.
  static func settled(_ choices: [LayerChoice]) -> [LayerChoice] {
    let sharing = Dictionary(grouping: choices) { $0.layer.weight }
    return choices.map { choice in
      guard let layers = sharing[choice.layer.weight], let first = layers.first, choice.scheme != .f32 else {
        return choice
      }
      // Whoever wants the floats, or other bits, wants them of the same initializer.
      if let other = layers.first(where: { elements($0.scheme) != elements(choice.scheme) }) {
        return choice.kept(
          because: "shares its weight with \(other.layer.name), which is to be \(other.scheme.rawValue)")
      }
      // A product of integers reads the elements themselves, with a scale for each of its own channels.
      if choice.scheme == .w8a8Dynamic, choice.layer.channelAxis != first.layer.channelAxis {
        return LayerChoice(
          choice.layer, wanted: choice.wanted, scheme: .w8,
          reason: "shares its weight with \(first.layer.name), which has other channels")
      }
      return choice
    }
  }

  /// Schemes with the same elements of weights.
  private static func elements(_ scheme: LayerScheme) -> LayerScheme {
    switch scheme {
    case .w8a8, .w8a8Dynamic: .w8
    default: scheme
    }
  }
}
