import OneiroGraph

/// One interchangeable part of a pipeline: which values of the main graph it reads and makes.
public struct PipelinePart: Sendable {
  public let role: String
  /// What the part's inputs are called in the main graph, in order.
  public let inputs: [String]
  /// What its outputs are called there. A part with fewer outputs makes fewer values, one with more keeps them to
  /// itself.
  public let outputs: [String]
  /// The noise predictor, which runs once a step inside `ai.oneiro.Denoise`; every other part is an
  /// `ai.oneiro.Subgraph`.
  public var isDenoiser: Bool { role == "unet" }

  /// Every role there is, in an order in which each comes after what it reads. A value that no part of a pipeline makes
  /// is an input of the pipeline, so a pipeline without an EEG encoder takes its `tokens`, and one with nothing but the
  /// U-Net and the decoder takes `noise` and `context`.
  public static let all = [
    PipelinePart(role: "eeg_encoder", inputs: ["eeg"], outputs: ["tokens"]),
    PipelinePart(role: "conditioner", inputs: ["tokens"], outputs: ["context"]),
    PipelinePart(role: "text_encoder", inputs: ["input_ids"], outputs: ["context"]),
    PipelinePart(role: "clip_projector", inputs: ["tokens"], outputs: ["embedding"]),
    PipelinePart(role: "eeg_classifier", inputs: ["tokens"], outputs: ["eeg_logits"]),
    PipelinePart(role: "unet", inputs: ["noise", "context"], outputs: ["latent"]),
    PipelinePart(role: "vae_decoder", inputs: ["latent"], outputs: ["picture"]),
    PipelinePart(role: "image_classifier", inputs: ["picture"], outputs: ["class_logits"]),
    PipelinePart(role: "vae_encoder", inputs: ["image"], outputs: ["latent_mean", "latent_logvar"]),
    PipelinePart(role: "clip_image_encoder", inputs: ["image"], outputs: ["image_embedding"]),
    PipelinePart(role: "masked_eeg_encoder", inputs: ["eeg", "ids_keep"], outputs: ["masked_tokens"]),
    PipelinePart(role: "signal_decoder", inputs: ["masked_tokens", "ids_restore"], outputs: ["patches", "signal"]),
    PipelinePart(role: "preparation", inputs: ["window", "channel_map"], outputs: ["prepared"]),
  ]

  public static func named(_ role: String) throws(DreamError) -> PipelinePart {
    guard let part = all.first(where: { $0.role == role }) else {
      throw .mismatch(at: "role", expected: all.map(\.role).joined(separator: ", "), found: "\"\(role)\"")
    }
    return part
  }
}
