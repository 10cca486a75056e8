import OneiroModel

extension ModelConfiguration {
  /// What fine-tuning adds where an encoder and a noise predictor come from different places: a conditioner between
  /// them, and the time condition. Their tensors will be missing.
  mutating func addConditioning() {
    guard let encoder = eegEncoder, let unet, conditioner == nil else { return }
    let conditioner = Conditioner(
      tokens: encoder.tokens, width: encoder.width,
      lengths: encoder.poolsTokens ? nil : [max(encoder.tokens / 2, 1), Self.contextLength],
      contextWidth: unet.contextWidth)
    self.conditioner = conditioner
    guard unet.timeConditionLengths == nil else { return }
    let length = conditioner.contextLength
    self.unet?.contextLength = length
    self.unet?.timeConditionLengths = encoder.poolsTokens ? [] : [max(length / 2, 1), 1]
  }

  /// As many tokens as Stable Diffusion's text encoder gives.
  private static let contextLength = 77
}
