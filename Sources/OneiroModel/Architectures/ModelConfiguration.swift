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

  /// What a checkpoint's tensors and settings tell.
  public init(detecting checkpoint: Checkpoint) throws(GraphError) {
    let tensors = checkpoint.tensors
    func shapes(_ prefix: String) -> CheckpointShapes { CheckpointShapes(tensors, prefix: prefix) }
    let settings = checkpoint.settings["config"] ?? checkpoint.settings
    eegEncoder = EEGEncoder(shapes(EEGEncoder.prefix))
    eegEncoder?.take(settings)
    maskedSignalModel = MaskedSignalModel(shapes(""))
    maskedSignalModel?.encoder.take(settings)
    if let heads = settings.heads("decoder_num_heads") ?? maskedSignalModel?.encoder.heads {
      maskedSignalModel?.decoderHeads = heads
    }
    unet = UNet(shapes(UNet.prefix))
    autoencoder = Autoencoder(shapes(Autoencoder.prefix))
    clipImageEncoder = CLIPImageEncoder(shapes(CLIPImageEncoder.prefix))
    if let encoder = eegEncoder {
      conditioner = Conditioner(shapes(Conditioner.prefix), encoder: encoder)
      clipProjector = TokenHead(shapes(TokenHead.mappingPrefix), encoder: encoder)
      eegClassifier = TokenHead(shapes(TokenHead.classPrefix), encoder: encoder)
    }
  }

  /// Puts what `overrides` says in place of what was found, and looks whether the networks can be built.
  /// - Throws: when it says something of a network that is not there, or in a word that it does not have.
  public mutating func override(with overrides: ConfigurationOverrides) throws(GraphError) {
    // A checkpoint may have both an encoder and the model of its pre-training.
    if eegEncoder != nil || maskedSignalModel == nil { try overrides.apply("eeg_encoder", to: &eegEncoder) }
    if var model = maskedSignalModel {
      try overrides.apply("eeg_encoder", to: &model.encoder)
      maskedSignalModel = model
    }
    try overrides.apply("signal_decoder", to: &maskedSignalModel)
    try overrides.apply("unet", to: &unet)
    try overrides.apply("vae", to: &autoencoder)
    try overrides.apply("clip_image_encoder", to: &clipImageEncoder)
    // The parts behind an encoder follow it.
    guard let encoder = eegEncoder else { return }
    conditioner?.tokens = encoder.tokens
    clipProjector?.tokens = encoder.tokens
    eegClassifier?.tokens = encoder.tokens
  }
}

extension EEGEncoder {
  /// What the training program wrote down: the number of heads, which no tensor's shape tells, and the pooling.
  fileprivate mutating func take(_ settings: CheckpointValue) {
    if let heads = settings.heads("num_heads") { self.heads = heads }
    if case .bool(let pools)? = settings["global_pool"] { poolsTokens = pools }
  }
}

extension CheckpointValue {
  /// A number of attention heads.
  fileprivate func heads(_ key: String) -> Int? {
    if case .int(let heads)? = self[key], heads > 0 { Int(exactly: heads) } else { nil }
  }
}
