import OneiroGraph

/// The EEG encoder of DreamDiffusion: a vision transformer over time patches of all electrodes together.
///
///     eeg [N, electrodes, samples] -> patches, + positions, transformer blocks, norm
///       -> tokens [N, samples / patch, width]
///
/// With global pooling the mean over the tokens is taken before the last norm: [N, 1, width].
public struct EEGEncoder: NetworkConfiguration, Sendable, Equatable, Codable {
  public var electrodes: Int
  /// Time samples of a trial, and of one patch.
  public var samples: Int
  public var patch: Int
  public var width: Int
  public var depth: Int
  /// Attention heads. No tensor's shape tells their number: 16 in every published configuration.
  public var heads: Int
  /// Width inside the MLP of a block.
  public var hidden: Int
  public var poolsTokens: Bool

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case electrodes = "in_chans"
    case samples = "time_len"
    case patch = "patch_size"
    case width = "embed_dim"
    case depth
    case heads = "num_heads"
    case hidden = "mlp_hidden"
    case poolsTokens = "global_pool"
  }

  public init(
    electrodes: Int = 128, samples: Int = 512, patch: Int = 4, width: Int = 1024, depth: Int = 24, heads: Int = 16,
    hidden: Int = 1024, poolsTokens: Bool = false
  ) {
    self.electrodes = electrodes
    self.samples = samples
    self.patch = patch
    self.width = width
    self.depth = depth
    self.heads = heads
    self.hidden = hidden
    self.poolsTokens = poolsTokens
  }

  /// Where the encoder's tensors are in a DreamDiffusion checkpoint; in a pre-training checkpoint they have no prefix.
  public static let prefix = "cond_stage_model.mae."
  static let epsilon: Float = 1e-5

  public var patches: Int { samples / patch }

  /// Tokens that come out.
  public var tokens: Int { poolsTokens ? 1 : patches }

  /// - prefix: what the tensors' names begin with.
  /// - positionRows: rows of the checkpoint's position table where it is for another number of patches.
  public func network(
    _ ledger: WeightLedger, prefix: String = EEGEncoder.prefix, positionRows: Int? = nil
  ) throws(GraphError) -> Network {
    var builder = NetworkBuilder("eeg_encoder", prefix: prefix, ledger: ledger)
    let eeg = builder.input("eeg", [.symbol("batch"), .known(electrodes), .known(samples)])
    let embedded = try builder.patchEmbedding(eeg, self, positionRows: positionRows)
    var x = try builder.encoderBlocks(embedded, self)
    if poolsTokens { x = builder.node("ReduceMean", [x, builder.integers([1])], "pool", ["keepdims": .int(1)]) }
    x = try builder.layerNorm(x, "norm", width, epsilon: Self.epsilon)
    builder.output("tokens", x, [.symbol("batch"), .known(tokens), .known(width)])
    return builder.network()
  }
}

extension NetworkBuilder {
  /// Tokens of the patches, each with its position added: [N, patches, width].
  mutating func patchEmbedding(_ eeg: ValueName, _ encoder: EEGEncoder, positionRows: Int? = nil) throws(GraphError)
    -> ValueName
  {
    let pieces = try conv(
      eeg, "patch_embed.proj", encoder.electrodes, encoder.width, kernel: [encoder.patch], stride: encoder.patch,
      pads: [0, 0])
    let tokens = node("Transpose", [pieces], "patch_embed", ["perm": .ints([0, 2, 1])])
    let positions = try weight("pos_embed", [1, positionRows ?? encoder.patches + 1, encoder.width]) { table in
      PositionTable.resampled(table, patches: encoder.patches).rows(Array(1...max(encoder.patches, 1)), axis: 1)
    }
    return node("Add", [tokens, positions], "patch_embed.positioned")
  }

  mutating func encoderBlocks(_ x: ValueName, _ encoder: EEGEncoder) throws(GraphError) -> ValueName {
    var x = x
    for block in 0..<encoder.depth {
      x = try transformerBlock(
        x, "blocks.\(block)", width: encoder.width, heads: encoder.heads, hidden: encoder.hidden)
    }
    return x
  }
}
