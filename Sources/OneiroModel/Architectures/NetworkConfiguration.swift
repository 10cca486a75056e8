/// The configuration of one network. Its JSON form has the words of the original programs' configuration files.
public protocol NetworkConfiguration: Codable {
  associatedtype CodingKeys: CodingKey, CaseIterable, RawRepresentable where CodingKeys.RawValue == String
  /// What keeps a network of this configuration from being built, in words; `nil` when nothing does.
  var fault: String? { get }
}

/// Extents in a configuration come from a file: beyond this, products of them could overflow.
private let largestExtent = 1 << 20

/// Layers after each other: ten times as many as any of these networks has, and few enough to write down.
private let mostLayers = 1 << 10

/// - numbers: each of which has to be 1 or more and no more than any network has.
private func range(_ numbers: [(word: String, number: Int)], upTo most: Int = largestExtent) -> String? {
  numbers.first { !(1...most).contains($0.number) }.map {
    "\($0.word): expected 1 ... \(most), found \($0.number)"
  }
}

private func positive(_ word: String, _ number: Float) -> String? {
  number > 0 && number.isFinite ? nil : "\(word): expected a number above 0, found \(number)"
}

private func division(_ word: String, _ width: Int, by divisor: Int, _ what: String) -> String? {
  width % divisor == 0 ? nil : "\(word): expected \(what) that divides \(width), found \(divisor)"
}

extension EEGEncoder {
  public var fault: String? {
    range([
      ("in_chans", electrodes), ("time_len", samples), ("patch_size", patch), ("embed_dim", width),
      ("num_heads", heads), ("mlp_hidden", hidden),
    ]) ?? range([("depth", depth)], upTo: mostLayers)
      ?? division("num_heads", width, by: heads, "a number")
      ?? (samples < patch ? "time_len: expected a patch of \(patch) or more, found \(samples)" : nil)
  }
}

extension MaskedSignalModel {
  public var fault: String? {
    encoder.fault
      ?? range([
        ("decoder_embed_dim", decoderWidth), ("decoder_num_heads", decoderHeads),
        ("decoder_mlp_hidden", decoderHidden),
      ]) ?? range([("decoder_depth", decoderDepth)], upTo: mostLayers)
      ?? division("decoder_num_heads", decoderWidth, by: decoderHeads, "a number")
      ?? division("patch_size", encoder.samples, by: encoder.patch, "a number")
  }
}

extension CLIPImageEncoder {
  public var fault: String? {
    range([
      ("image_size", imageSize), ("patch_size", patch), ("hidden_size", width), ("num_attention_heads", heads),
      ("intermediate_size", hidden), ("projection_dim", projection),
    ]) ?? range([("num_hidden_layers", depth)], upTo: mostLayers) ?? positive("layer_norm_eps", epsilon)
      ?? division("num_attention_heads", width, by: heads, "a number")
      ?? division("patch_size", imageSize, by: patch, "a number")
  }
}

extension Autoencoder {
  public var fault: String? {
    let levels = factors.map { ("ch_mult", $0) } + [("levels in ch_mult", factors.count)]
    return range(
      levels + [
        ("ch", channels), ("in_channels", imageChannels), ("z_channels", latentChannels),
        ("embed_dim", embedded), ("num_groups", groups),
      ]) ?? range([("num_res_blocks", blocks)], upTo: mostLayers)
      ?? (factors.count > 15 ? "ch_mult: expected up to 15 levels, found \(factors.count)" : nil)
      ?? division("num_groups", channels, by: groups, "a number")
  }
}

extension UNet {
  public var fault: String? { faultOfNumbers ?? faultOfHeads ?? faultOfCondition }

  private var faultOfNumbers: String? {
    let levels = factors.map { ("channel_mult", $0) } + [("levels in channel_mult", factors.count)]
    let condition = (timeConditionLengths ?? []).map { ("time_condition_lengths", $0) }
    let others = [
      ("in_channels", inputChannels), ("out_channels", outputChannels), ("model_channels", channels),
      ("num_heads", heads), ("num_head_channels", headWidth ?? 1), ("context_dim", contextWidth),
      ("context_length", contextLength ?? 1), ("num_groups", groups),
    ]
    return range(levels + condition + others)
      ?? range([("num_res_blocks", blocks), ("transformer_depth", depth)], upTo: mostLayers)
      ?? positive("norm_eps", epsilon)
      ?? (factors.count > 15 ? "channel_mult: expected up to 15 levels, found \(factors.count)" : nil)
      ?? division("num_groups", channels, by: groups, "a number")
  }

  private var faultOfHeads: String? {
    attended.lazy.compactMap { width in
      headWidth.map { division("num_head_channels", width, by: $0, "a width") }
        ?? division("num_heads", width, by: heads, "a number")
    }.first
  }

  private var faultOfCondition: String? {
    guard timeConditionLengths != nil, contextLength == nil else { return nil }
    return "context_length: expected a number because of the time condition, found none"
  }

  /// Widths of the places with transformers.
  private var attended: [Int] {
    factors.indices.filter { attends($0) || $0 == factors.count - 1 }.map { channels * factors[$0] }
  }
}
