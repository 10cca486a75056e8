import OneiroModel
import Testing

@Suite struct DiffusersConfigurationTests {
  private static func unet(_ json: String) throws -> UNetConfiguration {
    try UNetConfiguration(json: Array(json.utf8), name: "config.json")
  }

  @Test func stableDiffusion15() throws {
    let configuration = try Self.unet(
      """
      {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "act_fn": "silu", "attention_head_dim": 8,
       "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": false, "cross_attention_dim": 768,
       "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
       "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2,
       "mid_block_scale_factor": 1, "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
      """)
    #expect(configuration.heads == [8, 8, 8, 8])
    #expect(configuration.downAttends == [true, true, true, false])
    #expect(configuration.upAttends == [false, true, true, true])
    #expect(configuration.groups == 32 && configuration.epsilon == 1e-5 && !configuration.hasLinearProjection)
    #expect(try configuration == Self.unet("{}"))
  }

  @Test func stableDiffusion2AndSmallOnes() throws {
    let configuration = try Self.unet(
      """
      {"attention_head_dim": [5, 10, 20, 20], "use_linear_projection": true, "class_embed_type": null,
       "only_cross_attention": false, "num_attention_heads": null, "norm_num_groups": 4, "norm_eps": 0.5}
      """)
    #expect(configuration.heads == [5, 10, 20, 20])
    #expect(configuration.groups == 4 && configuration.epsilon == 0.5 && configuration.hasLinearProjection)
    let small = try Self.unet(
      """
      {"down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
       "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
       "attention_head_dim": 64, "num_attention_heads": [1, 2], "mid_block_type": "UNetMidBlock2DCrossAttn"}
      """)
    #expect(small.heads == [1, 2])
    #expect(small.downAttends == [false, true] && small.upAttends == [true, false])
  }

  @Test(arguments: [
    (#"{"class_embed_type": "timestep"}"#, #"class_embed_type: expected null, found "timestep""#),
    (#"{"addition_embed_type": "text_time"}"#, #"addition_embed_type: expected null, found "text_time""#),
    (#"{"_class_name": "UNet2DModel"}"#, #"_class_name: expected "UNet2DConditionModel", found "UNet2DModel""#),
    (
      #"{"mid_block_type": "UNetMidBlock2D"}"#,
      #"mid_block_type: expected "UNetMidBlock2DCrossAttn", found "UNetMidBlock2D""#
    ),
    (#"{"act_fn": "gelu"}"#, #"act_fn: expected "silu" or "swish", found "gelu""#),
    (#"{"flip_sin_to_cos": false}"#, "flip_sin_to_cos: expected true, found false"),
    (#"{"freq_shift": 1}"#, "freq_shift: expected 0, found 1"),
    (#"{"conv_in_kernel": 1}"#, "conv_in_kernel: expected 3, found 1"),
    (#"{"only_cross_attention": [true, false]}"#, "only_cross_attention: expected false, found [true, false]"),
    (#"{"attention_head_dim": 0}"#, "attention_head_dim: expected an integer from 1 up, found 0"),
    (#"{"attention_head_dim": 1e300}"#, "attention_head_dim: expected an integer from 1 up, found 1e+300"),
    (
      #"{"attention_head_dim": [8, 8]}"#,
      "attention_head_dim: expected an integer from 1 up, or 4 of them, one for each of down_block_types, found [8, 8]"
    ),
    (#"{"norm_num_groups": 2.5}"#, "norm_num_groups: expected an integer from 1 up, found 2.5"),
    (#"{"norm_eps": -1}"#, "norm_eps: expected a number above 0, found -1"),
    (#"{"use_linear_projection": 1}"#, "use_linear_projection: expected true or false, found 1"),
    (
      #"{"down_block_types": ["AttnDownBlock2D"]}"#,
      #"down_block_types: expected a list of CrossAttnDownBlock2D and DownBlock2D, found ["AttnDownBlock2D"]"#
    ),
    (#"{"up_block_types": []}"#, "up_block_types: expected a list of CrossAttnUpBlock2D and UpBlock2D, found []"),
    (
      #"{"up_block_types": ["UpBlock2D"]}"#,
      #"up_block_types: expected 4 blocks, as many as down_block_types, found ["UpBlock2D"]"#
    ),
    (#"{"up_block_types": 4}"#, "up_block_types: expected a list of strings, found 4"),
    ("[]", "expected a JSON object, found 2 bytes that are none"),
    ("", "expected a JSON object, found 0 bytes that are none"),
  ])
  func whatCannotBeBuiltIsNamed(json: String, text: String) {
    #expect(message { _ = try Self.unet(json) } == "config.json: \(text)")
  }

  @Test func deepJSONIsRefused() {
    let json = "{\"a\": " + String(repeating: "[", count: 200_000)
    #expect(message { _ = try Self.unet(json) }.hasPrefix("config.json: expected a JSON object"))
  }

  private static func vae(_ json: String) throws -> VAEConfiguration {
    try VAEConfiguration(json: Array(json.utf8), name: "config.json")
  }

  @Test func autoencoder() throws {
    let standard = try Self.vae("{}")
    #expect(standard.scalingFactor == 0.18215 && standard.groups == 32)
    let configuration = try Self.vae(
      """
      {"_class_name": "AutoencoderKL", "act_fn": "silu", "down_block_types": ["DownEncoderBlock2D"],
       "up_block_types": ["UpDecoderBlock2D"], "norm_num_groups": 8, "scaling_factor": 0.13025, "shift_factor": null,
       "force_upcast": true, "latents_mean": null, "latents_std": null, "use_quant_conv": true}
      """)
    #expect(configuration.scalingFactor == 0.13025 && configuration.groups == 8)
  }

  @Test(arguments: [
    (#"{"scaling_factor": 0}"#, "scaling_factor: expected a number above 0, found 0"),
    (#"{"scaling_factor": "1"}"#, "scaling_factor: expected a number, found \"1\""),
    (#"{"shift_factor": 0.1159}"#, "shift_factor: expected 0, found 0.1159"),
    (#"{"use_quant_conv": false}"#, "use_quant_conv: expected true, found false"),
    (#"{"latents_mean": [1]}"#, "latents_mean: expected null, found [1]"),
    (#"{"_class_name": "VQModel"}"#, "_class_name: expected \"AutoencoderKL\", found \"VQModel\""),
    (
      #"{"down_block_types": ["AttnDownEncoderBlock2D"]}"#,
      "down_block_types: expected a list of DownEncoderBlock2D, found [\"AttnDownEncoderBlock2D\"]"
    ),
  ])
  func otherAutoencodersAreNamed(json: String, text: String) {
    #expect(message { _ = try Self.vae(json) } == "config.json: \(text)")
  }

  private static func imageEncoder(_ json: String) throws -> ImageEncoderConfiguration {
    try ImageEncoderConfiguration(json: Array(json.utf8), name: "config.json")
  }

  @Test func imageEncoder() throws {
    let own = try Self.imageEncoder(#"{"num_attention_heads": 16, "hidden_act": "gelu", "layer_norm_eps": 1e-06}"#)
    #expect(own.heads == 16 && own.activation == .gelu && own.epsilon == 1e-6)
    let whole = try Self.imageEncoder(#"{"num_attention_heads": 3, "vision_config": {"num_attention_heads": 16}}"#)
    #expect(whole.heads == 16 && whole.activation == .quickGelu && whole.epsilon == 1e-5)
    #expect(
      message { _ = try Self.imageEncoder(#"{"vision_config": {"hidden_act": "relu"}}"#) }
        == "config.json: vision_config: hidden_act: expected \"quick_gelu\" or \"gelu\", found \"relu\"")
  }
}
