/// Tensors that training programs write beside the networks and that no picture needs.
enum UnneededTensors {
  /// What a tensor is; `nil` for one that is not known here.
  static func kind(of name: String) -> String? {
    if schedule.contains(name) { return "noise schedule" }
    return kinds.first { name.hasPrefix($0.prefix) || name.hasSuffix($0.suffix) }?.what
  }

  /// The tables that a diffusion model registers; a pipeline's attributes say the same.
  private static let schedule: Set<String> = [
    "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance",
    "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar",
    "scale_factor",
  ]

  private struct Kind {
    let what: String
    var prefix = "\u{0}"
    var suffix = "\u{0}"
  }

  private static let kinds = [
    Kind(what: "moving averages of the weights", prefix: "model_ema."),
    Kind(what: "text encoder", prefix: "cond_stage_model.transformer."),
    Kind(what: "training loss of the autoencoder", prefix: "first_stage_model.loss."),
    // The encoder's forward pass reads neither of the two.
    Kind(what: "tokens of pre-training", suffix: "cls_token"),
    Kind(what: "tokens of pre-training", suffix: "mask_token"),
    Kind(what: "position numbers", suffix: ".position_ids"),
  ]
}
