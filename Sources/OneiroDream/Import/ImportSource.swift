import OneiroGraph
import OneiroModel

extension Checkpoint {
  /// The tensors of several checkpoints as one, such as Stable Diffusion and an encoder that was pre-trained by itself.
  /// A pre-training checkpoint has its encoder's names without a prefix; beside a noise predictor they get the prefix that
  /// fine-tuning gives them, and its decoder is left out.
  /// - Throws: when two of them have a tensor of one name.
  public static func joined(_ checkpoints: [Checkpoint]) throws(DreamError) -> Checkpoint {
    guard var result = checkpoints.first else { preconditionFailure("no checkpoint") }
    guard checkpoints.count > 1 else { return result }
    result.tensors = [:]
    var owners: [String: String] = [:]
    for checkpoint in checkpoints {
      for (name, tensor) in checkpoint.isPretraining ? checkpoint.pretrainedEncoder : checkpoint.tensors {
        if let owner = owners.updateValue(checkpoint.source, forKey: name) {
          throw .mismatch(
            at: "\(checkpoint.source): tensor \"\(name)\"", expected: "a name that no other checkpoint has",
            found: "one that \(owner) has")
        }
        result.tensors[name] = tensor
      }
      if checkpoint.isPretraining { result.settings = checkpoint.settings }
    }
    result.source = checkpoints.map(\.source).joined(separator: " + ")
    return result
  }

  private var isPretraining: Bool { tensors["decoder_embed.weight"] != nil && tensors["patch_embed.proj.weight"] != nil }

  private var pretrainedEncoder: [String: CheckpointTensor] {
    var result: [String: CheckpointTensor] = [:]
    for (name, tensor) in tensors where !name.hasPrefix("decoder_") && name != "mask_token" {
      result[EEGEncoder.prefix + name] = tensor
    }
    return result
  }
}

extension ModelConfiguration {
  /// What fine-tuning adds where an encoder and a noise predictor come from different places: a conditioner between them,
  /// and the time condition. Their tensors will be missing.
  mutating func addConditioning() {
    guard let encoder = eegEncoder, let unet, conditioner == nil else { return }
    let conditioner = Conditioner(
      tokens: encoder.tokens, width: encoder.width, lengths: encoder.poolsTokens ? nil : [encoder.tokens / 2, 77],
      contextWidth: unet.contextWidth)
    self.conditioner = conditioner
    guard unet.timeConditionLengths == nil else { return }
    let length = conditioner.contextLength
    self.unet?.contextLength = length
    self.unet?.timeConditionLengths = encoder.poolsTokens ? [] : [length / 2, 1]
  }
}
