import OneiroGraph

/// The autoencoder of DreamDiffusion's pre-training: the encoder sees a part of the patches, and a smaller transformer
/// fills in the rest.
///
///     eeg, ids_keep -> kept patches + class token -> encoder -> masked_tokens [N, 1 + kept, width]
///     masked_tokens, ids_restore -> mask tokens put in place -> decoder -> patches [N, patches, patch * electrodes]
public struct MaskedSignalModel: NetworkConfiguration, Sendable, Equatable, Codable {
  public var encoder: EEGEncoder
  public var decoderWidth: Int
  public var decoderDepth: Int
  public var decoderHeads: Int
  public var decoderHidden: Int

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case encoder
    case decoderWidth = "decoder_embed_dim"
    case decoderDepth = "decoder_depth"
    case decoderHeads = "decoder_num_heads"
    case decoderHidden = "decoder_mlp_hidden"
  }

  public init(
    encoder: EEGEncoder = EEGEncoder(), decoderWidth: Int = 512, decoderDepth: Int = 8, decoderHeads: Int = 16,
    decoderHidden: Int = 512
  ) {
    self.encoder = encoder
    self.decoderWidth = decoderWidth
    self.decoderDepth = decoderDepth
    self.decoderHeads = decoderHeads
    self.decoderHidden = decoderHidden
  }

  /// The encoder as pre-training runs it.
  /// Inputs: eeg [N, electrodes, samples]; ids_keep int64 [N, kept], the patches that are not masked, in any order.
  public func encoderNetwork(_ ledger: WeightLedger, prefix: String = "") throws(GraphError) -> Network {
    let width = encoder.width
    var builder = NetworkBuilder("masked_eeg_encoder", prefix: prefix, ledger: ledger)
    let eeg = builder.input("eeg", [.symbol("batch"), .known(encoder.electrodes), .known(encoder.samples)])
    let kept = builder.input("ids_keep", [.symbol("batch"), .symbol("kept")], of: .int64)
    let all = try builder.patchEmbedding(eeg, encoder)
    let visible = builder.gatherTokens(all, kept, "visible", width: width)
    let token = try builder.weight("cls_token", [1, 1, width])
    let first = builder.perItem(token, "cls_token", width: width, like: eeg)
    let joined = builder.node("Concat", [first, visible], "with_class_token", ["axis": .int(1)])
    var x = try builder.encoderBlocks(joined, encoder)
    x = try builder.layerNorm(x, "norm", width, epsilon: EEGEncoder.epsilon)
    builder.output("masked_tokens", x, [.symbol("batch"), .symbol("kept_and_class"), .known(width)])
    return builder.network()
  }

  /// The decoder. Inputs: masked_tokens [N, 1 + kept, width]; ids_restore int64 [N, patches], for each patch its place
  /// among the kept ones, from `kept` up for those that were masked.
  /// Outputs: patches, time-major within each (sample * electrodes + electrode); signal [N, electrodes, samples].
  public func decoderNetwork(_ ledger: WeightLedger, prefix: String = "") throws(GraphError) -> Network {
    let width = decoderWidth, patches = encoder.patches
    var builder = NetworkBuilder("signal_decoder", prefix: prefix, ledger: ledger)
    let tokens = builder.input("masked_tokens", [.symbol("batch"), .symbol("kept_and_class"), .known(encoder.width)])
    let restore = builder.input("ids_restore", [.symbol("batch"), .known(patches)], of: .int64)
    let embedded = try builder.linear(tokens, "decoder_embed", encoder.width, width)
    let first = builder.slice(embedded, "class_token", from: 0, to: 1)
    let seen = builder.slice(embedded, "seen", from: 1, to: nil)
    // Mask tokens are alike, so as many as there are patches serve for any number of masked ones.
    let mask = try builder.weight("mask_token", [1, 1, width]) { $0.rows([Int](repeating: 0, count: patches), axis: 1) }
    let batch = builder.node("Shape", [tokens], "batch", ["start": .int(0), "end": .int(1)])
    let maskShape = builder.node(
      "Concat", [batch, builder.integers([patches, width])], "mask_shape", ["axis": .int(0)])
    let masks = builder.node("Expand", [mask, maskShape], "mask_tokens")
    let pool = builder.node("Concat", [seen, masks], "seen_and_masks", ["axis": .int(1)])
    let restored = builder.gatherTokens(pool, restore, "restored", width: width)
    let whole = builder.node("Concat", [first, restored], "with_class_token", ["axis": .int(1)])
    let positions = try builder.weight("decoder_pos_embed", [1, patches + 1, width])
    var x = builder.node("Add", [whole, positions], "decoder_positioned")
    for block in 0..<decoderDepth {
      x = try builder.transformerBlock(
        x, "decoder_blocks.\(block)", width: width, heads: decoderHeads, hidden: decoderHidden)
    }
    x = try builder.layerNorm(x, "decoder_norm", width, epsilon: EEGEncoder.epsilon)
    let size = encoder.patch * encoder.electrodes
    let predicted = builder.slice(try builder.linear(x, "decoder_pred", width, size), "prediction", from: 1, to: nil)
    let samples = builder.node(
      "Reshape", [predicted, builder.integers([0, encoder.samples, encoder.electrodes])], "samples_first")
    let signal = builder.node("Transpose", [samples], "electrodes_first", ["perm": .ints([0, 2, 1])])
    builder.output("patches", predicted, [.symbol("batch"), .known(patches), .known(size)])
    builder.output("signal", signal, [.symbol("batch"), .known(encoder.electrodes), .known(encoder.samples)])
    return builder.network()
  }
}

extension NetworkBuilder {
  /// For each item of the batch the tokens at its own indices.
  /// - tokens: [N, T, width]. indices: int64 [N, K].   Returns: [N, K, width].
  fileprivate mutating func gatherTokens(
    _ tokens: ValueName, _ indices: ValueName, _ path: String, width: Int
  ) -> ValueName {
    let shape = node("Shape", [indices], "\(path).index_shape")
    let full = node("Concat", [shape, integers([width])], "\(path).index_full_shape", ["axis": .int(0)])
    let columns = node("Unsqueeze", [indices, integers([2])], "\(path).index_columns")
    let index = node("Expand", [columns, full], "\(path).index")
    return node("GatherElements", [tokens, index], path, ["axis": .int(1)])
  }

  /// Tokens `from` up to `to`, `nil` for all the rest.
  fileprivate mutating func slice(_ x: ValueName, _ path: String, from: Int, to: Int?) -> ValueName {
    node("Slice", [x, integers([from]), integers([to ?? Int(Int32.max)]), integers([1])], path)
  }
}
