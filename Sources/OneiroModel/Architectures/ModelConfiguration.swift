import Foundation
import OneiroGraph

/// The configurations of all networks of a DreamDiffusion system; `nil` where it has no such network.
public struct ModelConfiguration: Sendable, Equatable {
  public var eegEncoder: EEGEncoder?
  public var conditioner: Conditioner?
  public var clipProjector: TokenHead?
  public var eegClassifier: TokenHead?
  public var maskedSignalModel: MaskedSignalModel?
  public var unet: UNet?
  public var autoencoder: Autoencoder?
  public var clipImageEncoder: CLIPImageEncoder?

  public init() {}

  /// DreamDiffusion as it was published, on Stable Diffusion 1.5.
  public static let dreamDiffusion: ModelConfiguration = {
    var result = ModelConfiguration()
    result.eegEncoder = EEGEncoder()
    result.conditioner = Conditioner()
    result.clipProjector = TokenHead(outputs: 768)
    result.unet = UNet(contextLength: 77, timeConditionLengths: [38, 1])
    result.autoencoder = Autoencoder()
    result.clipImageEncoder = CLIPImageEncoder()
    return result
  }()

  /// What a checkpoint's tensors and settings tell, with the words of `overrides` in place of what they tell.
  /// - Throws: when `overrides` says something of a network that is not there, or in a word that it does not have.
  public init(detecting checkpoint: Checkpoint, overrides: ConfigurationOverrides) throws(GraphError) {
    let tensors = checkpoint.tensors
    func shapes(_ prefix: String) -> CheckpointShapes { CheckpointShapes(tensors, prefix: prefix) }
    let settings = checkpoint.settings["config"] ?? checkpoint.settings
    if var encoder = EEGEncoder(shapes(EEGEncoder.prefix)) {
      encoder.take(settings)
      try overrides.apply("eeg_encoder", to: &encoder)
      eegEncoder = encoder
      conditioner = Conditioner(shapes(Conditioner.prefix), encoder: encoder)
      clipProjector = TokenHead(shapes(TokenHead.mappingPrefix), encoder: encoder)
      eegClassifier = TokenHead(shapes(TokenHead.classPrefix), encoder: encoder)
    }
    if var model = MaskedSignalModel(shapes("")) {
      model.encoder.take(settings)
      try overrides.apply("eeg_encoder", to: &model.encoder)
      model.decoderHeads = model.encoder.heads
      try overrides.apply("signal_decoder", to: &model)
      maskedSignalModel = model
    }
    unet = UNet(shapes(UNet.prefix))
    autoencoder = Autoencoder(shapes(Autoencoder.prefix))
    clipImageEncoder = CLIPImageEncoder(shapes(CLIPImageEncoder.prefix))
    try overrides.apply("unet", to: &unet)
    try overrides.apply("vae", to: &autoencoder)
    try overrides.apply("clip", to: &clipImageEncoder)
  }
}

extension EEGEncoder {
  /// What the training program wrote down: the number of heads, which no tensor's shape tells, and the pooling.
  fileprivate mutating func take(_ settings: CheckpointValue) {
    if case .int(let heads)? = settings["num_heads"], heads > 0, let exact = Int(exactly: heads) { self.heads = exact }
    if case .bool(let pools)? = settings["global_pool"] { poolsTokens = pools }
  }
}
