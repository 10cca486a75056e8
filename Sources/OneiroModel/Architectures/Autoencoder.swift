import OneiroGraph

/// Stable Diffusion's autoencoder (AutoencoderKL): pictures to latents of an eighth of their size, and back.
///
///     image [N, 3, H, W] in -1 ... 1 -> latent_mean, latent_logvar [N, z, H / f, W / f]
///     latent [N, z, h, w], scaling undone -> picture [N, 3, h f, w f]          f = 2^(levels - 1)
public struct Autoencoder: NetworkConfiguration, Sendable, Equatable, Codable {
  /// Channels at full resolution; each level has them times its factor.
  public var channels: Int
  public var factors: [Int]
  /// Residual blocks a level in the encoder; the decoder has one more.
  public var blocks: Int
  public var imageChannels: Int
  /// Channels of the latent inside and outside of the 1x1 convolutions around it.
  public var latentChannels: Int
  public var embedded: Int
  public var groups: Int

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case channels = "ch"
    case factors = "ch_mult"
    case blocks = "num_res_blocks"
    case imageChannels = "in_channels"
    case latentChannels = "z_channels"
    case embedded = "embed_dim"
    case groups = "num_groups"
  }

  public init(
    channels: Int = 128, factors: [Int] = [1, 2, 4, 4], blocks: Int = 2, imageChannels: Int = 3,
    latentChannels: Int = 4, embedded: Int = 4, groups: Int = 32
  ) {
    self.channels = channels
    self.factors = factors
    self.blocks = blocks
    self.imageChannels = imageChannels
    self.latentChannels = latentChannels
    self.embedded = embedded
    self.groups = groups
  }

  public static let prefix = "first_stage_model."
  private static let epsilon: Float = 1e-6

  /// How many pixels of the picture a pixel of the latent stands for, along a side.
  public var scale: Int { 1 << (factors.count - 1) }

  private func width(_ level: Int) -> Int { channels * factors[level] }
  private var innermost: Int { width(factors.count - 1) }

  public func encoderNetwork(_ ledger: WeightLedger, prefix: String = Autoencoder.prefix) throws(GraphError) -> Network
  {
    var builder = NetworkBuilder("vae_encoder", prefix: prefix, ledger: ledger)
    let image = builder.input(
      "image", [.symbol("batch"), .known(imageChannels), .symbol("height"), .symbol("width")])
    var x = try builder.conv(image, "encoder.conv_in", imageChannels, channels, kernel: [3, 3])
    var now = channels
    for level in factors.indices {
      for block in 0..<blocks {
        x = try residual(x, "encoder.down.\(level).block.\(block)", now, width(level), &builder)
        now = width(level)
      }
      if level < factors.count - 1 {
        // Padded at the right and at the bottom alone.
        x = try builder.conv(
          x, "encoder.down.\(level).downsample.conv", now, now, kernel: [3, 3], stride: 2, pads: [0, 0, 1, 1])
      }
    }
    x = try middle(x, "encoder.mid", &builder)
    x = try builder.groupNorm(x, "encoder.norm_out", now, groups: groups, epsilon: Self.epsilon)
    x = builder.silu(x, "encoder.norm_out.silu")
    x = try builder.conv(x, "encoder.conv_out", now, 2 * latentChannels, kernel: [3, 3])
    x = try builder.conv(x, "quant_conv", 2 * latentChannels, 2 * embedded, kernel: [1, 1])
    let moments = builder.node("Split", [x], "moments", outputs: 2, ["axis": .int(1), "num_outputs": .int(2)])
    let bounded = builder.node("Clip", [moments[1], builder.scalar(-30), builder.scalar(20)], "logvar_bounded")
    let latent: [Dimension] = [.symbol("batch"), .known(embedded), .symbol("latent_height"), .symbol("latent_width")]
    builder.output("latent_mean", moments[0], latent)
    builder.output("latent_logvar", bounded, latent)
    return builder.network()
  }

  public func decoderNetwork(_ ledger: WeightLedger, prefix: String = Autoencoder.prefix) throws(GraphError) -> Network
  {
    var builder = NetworkBuilder("vae_decoder", prefix: prefix, ledger: ledger)
    let latent = builder.input(
      "latent", [.symbol("batch"), .known(embedded), .symbol("latent_height"), .symbol("latent_width")])
    var x = try builder.conv(latent, "post_quant_conv", embedded, latentChannels, kernel: [1, 1])
    x = try builder.conv(x, "decoder.conv_in", latentChannels, innermost, kernel: [3, 3])
    x = try middle(x, "decoder.mid", &builder)
    var now = innermost
    for level in factors.indices.reversed() {
      for block in 0...blocks {
        x = try residual(x, "decoder.up.\(level).block.\(block)", now, width(level), &builder)
        now = width(level)
      }
      if level > 0 {
        let larger = builder.upsample(x, "decoder.up.\(level).upsample")
        x = try builder.conv(larger, "decoder.up.\(level).upsample.conv", now, now, kernel: [3, 3])
      }
    }
    x = try builder.groupNorm(x, "decoder.norm_out", now, groups: groups, epsilon: Self.epsilon)
    x = builder.silu(x, "decoder.norm_out.silu")
    x = try builder.conv(x, "decoder.conv_out", now, imageChannels, kernel: [3, 3])
    builder.output("picture", x, [.symbol("batch"), .known(imageChannels), .symbol("height"), .symbol("width")])
    return builder.network()
  }

  private func middle(_ x: String, _ path: String, _ builder: inout NetworkBuilder) throws(GraphError) -> String {
    let first = try residual(x, "\(path).block_1", innermost, innermost, &builder)
    let attended = try attention(first, "\(path).attn_1", innermost, &builder)
    return try residual(attended, "\(path).block_2", innermost, innermost, &builder)
  }

  /// conv2(silu(norm2(conv1(silu(norm1 x))))) + shortcut(x)
  private func residual(
    _ x: String, _ path: String, _ input: Int, _ output: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> String {
    var h = try builder.groupNorm(x, "\(path).norm1", input, groups: groups, epsilon: Self.epsilon)
    h = try builder.conv(builder.silu(h, "\(path).norm1.silu"), "\(path).conv1", input, output, kernel: [3, 3])
    h = try builder.groupNorm(h, "\(path).norm2", output, groups: groups, epsilon: Self.epsilon)
    h = try builder.conv(builder.silu(h, "\(path).norm2.silu"), "\(path).conv2", output, output, kernel: [3, 3])
    let skip = input == output ? x : try builder.conv(x, "\(path).nin_shortcut", input, output, kernel: [1, 1])
    return builder.node("Add", [skip, h], path)
  }

  /// One head over all pixels.
  private func attention(
    _ x: String, _ path: String, _ width: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> String {
    let normal = try builder.groupNorm(x, "\(path).norm", width, groups: groups, epsilon: Self.epsilon)
    var tokens: [String] = []
    for name in ["q", "k", "v"] {
      let projected = try builder.conv(normal, "\(path).\(name)", width, width, kernel: [1, 1])
      tokens.append(builder.tokens(projected, "\(path).\(name)", width))
    }
    let mixed = builder.attention(q: tokens[0], k: tokens[1], v: tokens[2], path, width: width, heads: 1)
    let picture = builder.picture(mixed, path, like: x)
    return builder.node("Add", [x, try builder.conv(picture, "\(path).proj_out", width, width, kernel: [1, 1])], path)
  }
}
