import OneiroGraph

/// Stable Diffusion's noise predictor, with DreamDiffusion's time condition or without.
///
///     sample [N, C, h, w], timestep int64 [N], context [N, length, contextWidth] -> epsilon [N, C, h, w]
///
/// Levels of residual blocks and transformers, halving the picture between them on the way in and doubling it on the
/// way out, where every block also gets what its mirror image made.
public struct UNet: NetworkConfiguration, Sendable, Equatable, Codable {
  public var inputChannels: Int
  public var outputChannels: Int
  /// Channels of the first level; each level has them times its factor.
  public var channels: Int
  public var factors: [Int]
  /// Residual blocks a level on the way in; the way out has one more.
  public var blocks: Int
  /// The levels whose blocks have transformers, as how far the picture is halved there: 1, 2, 4. The middle always has
  /// one.
  public var attentionRates: [Int]
  /// Transformer blocks in one place.
  public var depth: Int
  /// Attention heads, or, where it is given, the width of one. No tensor's shape tells: 8 heads in Stable Diffusion 1.
  public var heads: Int
  public var headWidth: Int?
  public var contextWidth: Int
  /// Tokens of the context, where they are fixed.
  public var contextLength: Int?
  /// DreamDiffusion's `use_time_cond`, a vector of the context that is added to the time embedding: the tokens after
  /// each convolution over the token axis, none where the context is one token. `nil`: no such vector.
  public var timeConditionLengths: [Int]?
  /// Whether the projections around a transformer are linear layers (Stable Diffusion 2) or 1x1 convolutions.
  public var projectsLinearly: Bool
  public var groups: Int
  /// Of the group normalizations in residual blocks and at the end; those of transformers always have 1e-6.
  public var epsilon: Float

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case inputChannels = "in_channels"
    case outputChannels = "out_channels"
    case channels = "model_channels"
    case factors = "channel_mult"
    case blocks = "num_res_blocks"
    case attentionRates = "attention_resolutions"
    case depth = "transformer_depth"
    case heads = "num_heads"
    case headWidth = "num_head_channels"
    case contextWidth = "context_dim"
    case contextLength = "context_length"
    case timeConditionLengths = "time_condition_lengths"
    case projectsLinearly = "use_linear_in_transformer"
    case groups = "num_groups"
    case epsilon = "norm_eps"
  }

  public init(
    inputChannels: Int = 4, outputChannels: Int = 4, channels: Int = 320, factors: [Int] = [1, 2, 4, 4],
    blocks: Int = 2, attentionRates: [Int] = [1, 2, 4], depth: Int = 1, heads: Int = 8,
    headWidth: Int? = nil, contextWidth: Int = 768, contextLength: Int? = nil, timeConditionLengths: [Int]? = nil,
    projectsLinearly: Bool = false, groups: Int = 32, epsilon: Float = 1e-5
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.channels = channels
    self.factors = factors
    self.blocks = blocks
    self.attentionRates = attentionRates
    self.depth = depth
    self.heads = heads
    self.headWidth = headWidth
    self.contextWidth = contextWidth
    self.contextLength = contextLength
    self.timeConditionLengths = timeConditionLengths
    self.projectsLinearly = projectsLinearly
    self.groups = groups
    self.epsilon = epsilon
  }

  public static let prefix = "model.diffusion_model."

  /// How far the picture is halved: its sides have to be multiples of this.
  public var scale: Int { 1 << (factors.count - 1) }

  /// Whether a level has transformers.
  public func attends(_ level: Int) -> Bool { attentionRates.contains(1 << level) }

  func heads(of width: Int) -> Int { headWidth.map { width / $0 } ?? heads }

  /// Width of the time embedding.
  var embedding: Int { 4 * channels }

  public func network(_ ledger: WeightLedger, prefix: String = UNet.prefix) throws(GraphError) -> Network {
    var builder = NetworkBuilder("unet", prefix: prefix, ledger: ledger)
    let sample = builder.input(
      "sample", [.symbol("batch"), .known(inputChannels), .symbol("height"), .symbol("width")])
    let timestep = builder.input("timestep", [.symbol("batch")], of: .int64)
    let length: Dimension = contextLength.map { .known($0) } ?? .symbol("context_length")
    let context = builder.input("context", [.symbol("batch"), length, .known(contextWidth)])
    let embedding = try timeEmbedding(timestep, context, &builder)
    var walk = UNetWalk(unet: self, builder: builder, embedding: embedding, context: context)
    let epsilon = try walk.run(sample)
    walk.builder.output(
      "epsilon", epsilon, [.symbol("batch"), .known(outputChannels), .symbol("height"), .symbol("width")])
    return walk.builder.network()
  }
}
