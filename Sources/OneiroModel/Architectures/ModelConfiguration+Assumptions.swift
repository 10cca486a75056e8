extension ModelConfiguration {
  /// What no tensor's shape told and nobody said, with the value that was taken: the published one.
  /// - checkpoint: whose settings may have told it.
  /// - areHeadsKnown: whether other files told the heads of the U-Net and of the CLIP image encoder.
  public func assumptions(
    _ checkpoint: Checkpoint, overrides: ConfigurationOverrides, areHeadsKnown: Bool
  ) -> [String] {
    let settings = checkpoint.settings["config"] ?? checkpoint.settings
    var result: [String] = []
    func assume(_ network: String, _ word: String, _ value: Int?) {
      if let value, !overrides.says(word, of: network) { result.append("\(network) \(word) \(value)") }
    }
    if settings["num_heads"] == nil {
      assume("eeg_encoder", "num_heads", (eegEncoder ?? maskedSignalModel?.encoder)?.heads)
    }
    if !areHeadsKnown {
      if !overrides.says("num_head_channels", of: "unet") { assume("unet", "num_heads", unet?.heads) }
      assume("clip_image_encoder", "num_attention_heads", clipImageEncoder?.heads)
    }
    return result
  }
}
