import OneiroGraph

/// What the weights of a U-Net do not tell, from the `config.json` of a diffusers folder.
/// Values that are left out have diffusers' defaults: https://huggingface.co/docs/diffusers/api/models/unet2d-cond
public struct UNetConfiguration: Sendable, Equatable {
  /// Heads of the attention on each level, the level of the largest picture first.
  public var heads: [Int]
  /// Which of the `down_blocks` have transformers.
  public var downAttends: [Bool]
  /// Which of the `up_blocks` have transformers, in the order in which they run: the smallest picture first.
  public var upAttends: [Bool]
  /// Of the group normalizations.
  public var groups: Int
  /// Of the group normalizations in residual blocks and at the end; those in transformers always have 1e-6.
  public var epsilon: Double
  /// The transformers' `proj_in` and `proj_out` are linear layers rather than 1x1 convolutions.
  public var hasLinearProjection: Bool

  public init(contentsOf path: String) throws(GraphError) {
    try self.init(ConfigurationFile(contentsOf: path))
  }

  /// - name: what messages call the file.
  public init(json: [UInt8], name: String) throws(GraphError) {
    try self.init(ConfigurationFile(json, name: name))
  }

  private init(_ file: ConfigurationFile) throws(GraphError) {
    try Self.refuseOtherNetworks(file)
    let attends = ["CrossAttnDownBlock2D": true, "DownBlock2D": false, "CrossAttnUpBlock2D": true, "UpBlock2D": false]
    func blocks(_ key: String, _ kinds: [String], default standard: [Bool]) throws(GraphError) -> [Bool] {
      guard let types = try file.strings(key) else { return standard }
      guard !types.isEmpty, types.allSatisfy(kinds.contains) else {
        throw file.mismatch(key, expected: "a list of \(kinds.joined(separator: " and "))")
      }
      return types.map { attends[$0]! }
    }
    downAttends = try blocks(
      "down_block_types", ["CrossAttnDownBlock2D", "DownBlock2D"], default: [true, true, true, false])
    upAttends = try blocks("up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"], default: [false, true, true, true])
    guard upAttends.count == downAttends.count else {
      throw file.mismatch("up_block_types", expected: "\(downAttends.count) blocks, as many as down_block_types")
    }
    heads = try Self.heads(file, levels: downAttends.count)
    groups = try file.count("norm_num_groups", default: 32)
    epsilon = try file.positiveNumber("norm_eps", default: 1e-5)
    hasLinearProjection = try file.bool("use_linear_projection") ?? false
  }

  /// One number for all levels, or one for each. In spite of its name `attention_head_dim` is the number of heads;
  /// files that state `num_attention_heads` mean the same by it.
  private static func heads(_ file: ConfigurationFile, levels: Int) throws(GraphError) -> [Int] {
    let key = file["num_attention_heads"] == nil ? "attention_head_dim" : "num_attention_heads"
    guard case .list(let elements)? = file[key] else {
      return Array(repeating: try file.count(key, default: 8), count: levels)
    }
    let heads = elements.compactMap(\.count)
    guard heads.count == elements.count, heads.count == levels else {
      throw file.mismatch(key, expected: "an integer from 1 up, or \(levels) of them, one for each of down_block_types")
    }
    return heads
  }

  /// Fields that would make it another network than ours.
  private static func refuseOtherNetworks(_ file: ConfigurationFile) throws(GraphError) {
    try file.require("_class_name", isOneOf: .string("UNet2DConditionModel"))
    try file.require("mid_block_type", isOneOf: .string("UNetMidBlock2DCrossAttn"))
    try file.require("act_fn", isOneOf: .string("silu"), .string("swish"))
    try file.require("time_embedding_type", isOneOf: .string("positional"))
    try file.require("resnet_time_scale_shift", isOneOf: .string("default"))
    try file.require("attention_type", isOneOf: .string("default"))
    try file.require("flip_sin_to_cos", isOneOf: .bool(true))
    try file.require("freq_shift", isOneOf: .number(0))
    for key in ["downsample_padding", "mid_block_scale_factor", "resnet_out_scale_factor"] {
      try file.require(key, isOneOf: .number(1))
    }
    for key in ["conv_in_kernel", "conv_out_kernel"] { try file.require(key, isOneOf: .number(3)) }
    for key in [
      "center_input_sample", "only_cross_attention", "mid_block_only_cross_attention", "dual_cross_attention",
      "resnet_skip_time_act", "class_embeddings_concat",
    ] { try file.require(key, isOneOf: .bool(false)) }
    for key in [
      "class_embed_type", "num_class_embeds", "addition_embed_type", "encoder_hid_dim", "encoder_hid_dim_type",
      "time_cond_proj_dim", "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm",
    ] { try file.require(key) }
  }
}
