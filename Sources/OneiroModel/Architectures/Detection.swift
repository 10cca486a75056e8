import OneiroGraph

// What the tensors' names and shapes say of a configuration. `nil` where a checkpoint has no such network. What they
// cannot tell keeps its default: the number of attention heads above all.

extension EEGEncoder {
  public init?(_ shapes: CheckpointShapes) {
    guard let patches = shapes.dims("patch_embed.proj.weight", rank: 3),
      let table = shapes.dims("pos_embed", rank: 3), table[1] > 1
    else { return nil }
    let (samples, overflow) = (table[1] - 1).multipliedReportingOverflow(by: patches[2])
    guard !overflow else { return nil }
    self.init(
      electrodes: patches[1], samples: samples, patch: patches[2], width: patches[0],
      depth: shapes.count { "blocks.\($0).norm1.weight" },
      hidden: shapes.dims("blocks.0.mlp.fc1.weight", rank: 2)?[0] ?? patches[0])
  }
}

extension Conditioner {
  /// - encoder: whose tokens come in.
  public init?(_ shapes: CheckpointShapes, encoder: EEGEncoder) {
    guard let linear = shapes.dims("dim_mapper.weight", rank: 2) else { return nil }
    let lengths = (0..<shapes.count { "channel_mapper.\($0).weight" }).compactMap {
      shapes.dims("channel_mapper.\($0).weight", rank: 3)?[0]
    }
    self.init(
      tokens: encoder.tokens, width: encoder.width, lengths: lengths.isEmpty ? nil : lengths, contextWidth: linear[0])
  }
}

extension TokenHead {
  public init?(_ shapes: CheckpointShapes, encoder: EEGEncoder) {
    // The heads sum over the tokens of an encoder that does not pool.
    guard let outputs = shapes.dims("fc.weight", rank: 2)?[0], !encoder.poolsTokens else { return nil }
    self.init(tokens: encoder.tokens, width: encoder.width, outputs: outputs)
  }
}

extension MaskedSignalModel {
  public init?(_ shapes: CheckpointShapes) {
    guard let encoder = EEGEncoder(shapes), let embedding = shapes.dims("decoder_embed.weight", rank: 2) else {
      return nil
    }
    self.init(
      encoder: encoder, decoderWidth: embedding[0], decoderDepth: shapes.count { "decoder_blocks.\($0).norm1.weight" },
      decoderHidden: shapes.dims("decoder_blocks.0.mlp.fc1.weight", rank: 2)?[0] ?? embedding[0])
  }
}

extension CLIPImageEncoder {
  public init?(_ shapes: CheckpointShapes) {
    let embeddings = "vision_model.embeddings"
    guard let patches = shapes.dims("\(embeddings).patch_embedding.weight", rank: 4),
      let table = shapes.dims("\(embeddings).position_embedding.weight", rank: 2),
      let projection = shapes.dims("visual_projection.weight", rank: 2)
    else { return nil }
    let side = Int(Double(table[0] - 1).squareRoot().rounded())
    let (size, overflow) = side.multipliedReportingOverflow(by: patches[2])
    guard !overflow else { return nil }
    self.init(
      imageSize: size, patch: patches[2], width: patches[0],
      depth: shapes.count { "vision_model.encoder.layers.\($0).layer_norm1.weight" },
      // 64 wide in every published CLIP.
      heads: max(patches[0] / 64, 1),
      hidden: shapes.dims("vision_model.encoder.layers.0.mlp.fc1.weight", rank: 2)?[0] ?? 4 * patches[0],
      projection: projection[0])
  }
}

extension Autoencoder {
  public init?(_ shapes: CheckpointShapes) {
    let isEncoder = shapes.has("encoder.conv_in.weight")
    let way = isEncoder ? "encoder.down" : "decoder.up"
    let last = "conv2.weight"
    guard
      let first = shapes.dims(isEncoder ? "encoder.conv_in.weight" : "decoder.conv_out.weight", rank: 4),
      let inner = shapes.dims("post_quant_conv.weight", rank: 4)
    else { return nil }
    let channels = isEncoder ? first[0] : first[1]
    let levels = shapes.count { "\(way).\($0).block.0.\(last)" }
    let widths = (0..<levels).compactMap { shapes.dims("\(way).\($0).block.0.\(last)", rank: 4)?[0] }
    let blocks = shapes.count { "\(way).0.block.\($0).\(last)" } - (isEncoder ? 0 : 1)
    guard levels > 0, levels < 16, widths.count == levels, widths.allSatisfy({ $0 % channels == 0 }), blocks > 0 else {
      return nil
    }
    self.init(
      channels: channels, factors: widths.map { $0 / channels }, blocks: blocks,
      imageChannels: isEncoder ? first[1] : first[0], latentChannels: inner[0], embedded: inner[1])
  }
}

extension UNet {
  public init?(_ shapes: CheckpointShapes) {
    guard let first = shapes.dims("input_blocks.0.0.weight", rank: 4),
      let last = shapes.dims("out.2.weight", rank: 4)
    else { return nil }
    let channels = first[0]
    var factors: [Int] = [], rates: [Int] = [], counts = [0]
    var number = 1
    while true {
      if let width = shapes.dims("input_blocks.\(number).0.in_layers.2.weight", rank: 4)?[0] {
        guard width % channels == 0, factors.count < 16 else { return nil }
        if counts[counts.count - 1] == 0 { factors.append(width / channels) }
        counts[counts.count - 1] += 1
        let rate = 1 << (factors.count - 1)
        if shapes.has("input_blocks.\(number).1.norm.weight"), rates.last != rate { rates.append(rate) }
      } else if shapes.has("input_blocks.\(number).0.op.weight") {
        counts.append(0)
      } else {
        break
      }
      number += 1
    }
    guard counts[0] > 0, counts.allSatisfy({ $0 == counts[0] }) else { return nil }
    let transformer = "middle_block.1"
    let attention = "\(transformer).transformer_blocks.0.attn2.to_k.weight"
    guard let key = shapes.dims(attention, rank: 2) else { return nil }
    let condition = UNet.timeCondition(shapes)
    self.init(
      inputChannels: first[1], outputChannels: last[0], channels: channels, factors: factors, blocks: counts[0],
      attentionRates: rates, depth: shapes.count { "\(transformer).transformer_blocks.\($0).norm1.weight" },
      contextWidth: key[1], contextLength: condition?.length, timeConditionLengths: condition?.lengths,
      projectsLinearly: shapes.dims("\(transformer).proj_in.weight", rank: 2) != nil)
  }

  private static func timeCondition(_ shapes: CheckpointShapes) -> (length: Int, lengths: [Int])? {
    if shapes.has("time_embed_condtion.weight") { return (1, []) }
    guard let first = shapes.dims("time_embed_condtion.0.weight", rank: 3) else { return nil }
    let lengths = (0..<shapes.count { "time_embed_condtion.\($0).weight" }).compactMap {
      shapes.dims("time_embed_condtion.\($0).weight", rank: 3)?[0]
    }
    return (first[1], lengths)
  }
}
