/// A scheme that a layer could not be given, as it does not hold numbers of such a size.
struct RefusedScheme {
  let scheme: LayerScheme
  let reason: String

  /// Whether the layer might have had it in the place of `other`: it rounds more.
  func roundsMore(than other: LayerScheme) -> Bool {
    scheme.weightBits < other.weightBits || (scheme == .w8a8 && other == .w8)
  }
}

extension LayerChoice {
  /// The choice with a word of what could not be chosen in its place, where there was something: of several schemes, the
  /// one that rounds least.
  /// - refused: in the order of `ChoiceGoal.schemes`.
  func telling(of refused: [RefusedScheme]) -> LayerChoice {
    guard reason == nil, let last = refused.last(where: { $0.roundsMore(than: scheme) }) else { return self }
    return LayerChoice(layer, wanted: wanted, scheme: scheme, reason: last.reason, isOutOfRange: true)
  }
}
