/// The configuration of one network. Its JSON form has the words of the original programs' configuration files.
public protocol NetworkConfiguration: Codable {
  associatedtype CodingKeys: CodingKey, CaseIterable, RawRepresentable where CodingKeys.RawValue == String
  /// What keeps a network of this configuration from being built, in words; `nil` when nothing does.
  var fault: String? { get }
}

/// Extents in a configuration come from a file: beyond this, products of them could overflow.
private let largestExtent = 1 << 20

/// - numbers: each of which has to be 1 or more and no more than any network has.
private func range(_ numbers: [(word: String, number: Int)]) -> String? {
  numbers.first { !(1...largestExtent).contains($0.number) }.map {
    "\($0.word): expected 1 ... \(largestExtent), found \($0.number)"
  }
}

private func division(_ word: String, _ width: Int, by divisor: Int, _ what: String) -> String? {
  width % divisor == 0 ? nil : "\(word): expected \(what) that divides \(width), found \(divisor)"
}

extension EEGEncoder {
  public var fault: String? {
    range([
      ("in_chans", electrodes), ("time_len", samples), ("patch_size", patch), ("embed_dim", width),
      ("num_heads", heads),
      ("depth", depth), ("mlp_hidden", hidden),
    ]) ?? division("num_heads", width, by: heads, "a number")
      ?? (samples < patch ? "time_len: expected a patch of \(patch) or more, found \(samples)" : nil)
  }
}

extension MaskedSignalModel {
  public var fault: String? {
    encoder.fault
      ?? range([
        ("decoder_embed_dim", decoderWidth), ("decoder_depth", decoderDepth), ("decoder_num_heads", decoderHeads),
        ("decoder_mlp_hidden", decoderHidden),
      ]) ?? division("decoder_num_heads", decoderWidth, by: decoderHeads, "a number")
      ?? division("patch_size", encoder.samples, by: encoder.patch, "a number")
  }
}

extension CLIPImageEncoder {
  public var fault: String? {
    range([
      ("image_size", imageSize), ("patch_size", patch), ("hidden_size", width), ("num_attention_heads", heads),
      ("num_hidden_layers", depth), ("intermediate_size", hidden), ("projection_dim", projection),
    ]) ?? division("num_attention_heads", width, by: heads, "a number")
      ?? division("patch_size", imageSize, by: patch, "a number")
  }
}

extension Autoencoder {
  public var fault: String? {
    let levels = factors.map { ("ch_mult", $0) } + [("levels in ch_mult", factors.count)]
    return range(
      levels + [
        ("ch", channels), ("num_res_blocks", blocks), ("in_channels", imageChannels), ("z_channels", latentChannels),
        ("embed_dim", embedded), ("num_groups", groups),
      ]) ?? (factors.count > 15 ? "ch_mult: expected up to 15 levels, found \(factors.count)" : nil)
      ?? division("num_groups", channels, by: groups, "a number")
  }
}

extension UNet {
  public var fault: String? {
    let levels = factors.map { ("channel_mult", $0) } + [("levels in channel_mult", factors.count)]
    let condition = (timeConditionLengths ?? []).map { ("time_condition_lengths", $0) }
    return range(
      levels + condition + [
        ("in_channels", inputChannels), ("out_channels", outputChannels), ("model_channels", channels),
        ("num_res_blocks", blocks), ("transformer_depth", depth), ("num_heads", heads),
        ("num_head_channels", headWidth ?? 1), ("context_dim", contextWidth), ("context_length", contextLength ?? 1),
        ("num_groups", groups),
      ]) ?? (factors.count > 15 ? "channel_mult: expected up to 15 levels, found \(factors.count)" : nil)
      ?? division("num_groups", channels, by: groups, "a number")
      ?? attended.lazy.compactMap { width in
        headWidth.map { division("num_head_channels", width, by: $0, "a width") }
          ?? division("num_heads", width, by: heads, "a number")
      }.first
      ?? (timeConditionLengths != nil && contextLength == nil
        ? "context_length: expected a number because of the time condition, found none" : nil)
  }

  /// Widths of the places with transformers.
  private var attended: [Int] {
    factors.indices.filter { attends($0) || $0 == factors.count - 1 }.map { channels * factors[$0] }
  }
}
