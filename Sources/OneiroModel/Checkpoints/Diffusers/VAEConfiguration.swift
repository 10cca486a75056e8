import OneiroGraph

/// What the weights of an autoencoder do not tell, from the `config.json` of a diffusers folder.
/// Values that are left out have diffusers' defaults: https://huggingface.co/docs/diffusers/api/models/autoencoderkl
public struct VAEConfiguration: Sendable, Equatable {
  /// What latents are multiplied with for the diffusion model.
  public var scalingFactor: Double
  /// Of the group normalizations, whose epsilon is always 1e-6.
  public var groups: Int

  public init(contentsOf path: String) throws(GraphError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  /// - name: what messages call the file.
  public init(json: [UInt8], name: String) throws(GraphError) {
    try self.init(ConfigurationFile(json, name: name))
  }

  private init(_ file: ConfigurationFile) throws(GraphError) {
    try file.require("_class_name", isOneOf: .string("AutoencoderKL"))
    try file.require("act_fn", isOneOf: .string("silu"), .string("swish"))
    for (key, kind) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] {
      guard let types = try file.strings(key) else { continue }
      guard !types.isEmpty, types.allSatisfy({ $0 == kind }) else {
        throw file.mismatch(key, expected: "a list of \(kind)")
      }
    }
    for key in ["use_quant_conv", "use_post_quant_conv", "mid_block_add_attention"] {
      try file.require(key, isOneOf: .bool(true))
    }
    try file.require("shift_factor", isOneOf: .number(0))
    for key in ["latents_mean", "latents_std"] { try file.require(key) }
    scalingFactor = try file.positiveNumber("scaling_factor", default: 0.18215)
    groups = try file.count("norm_num_groups", default: 32)
  }
}
