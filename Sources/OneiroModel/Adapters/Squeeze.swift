extension OpsetAdapters {
  /// Squeeze and Unsqueeze 13: attribute axes became an input.
  static let squeeze = axesToInput("Squeeze", to: 13)
  static let unsqueeze = axesToInput("Unsqueeze", to: 13)
}
