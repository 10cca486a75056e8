extension DiffusersNames {
  /// The names of an autoencoder of which these are the names in a diffusers folder.
  public static func vae(diffusers names: some Sequence<String>) -> DiffusersNames {
    let modules = ModulePaths(names)
    var result = vaeEnds
    for (coder, blocks) in [("encoder", "down_blocks"), ("decoder", "up_blocks")] {
      let levels = modules.count { "\(coder).\(blocks).\($0).resnets.0" }
      for level in 0..<levels {
        let layers = modules.count { "\(coder).\(blocks).\(level).resnets.\($0)" }
        result.addVAELevel(coder, running: level, of: levels, layers: layers)
      }
    }
    return result
  }

  /// The names of an autoencoder of which these are the canonical names; others may be among them.
  public static func vae(canonical names: some Sequence<String>) -> DiffusersNames {
    let modules = ModulePaths(
      names.lazy.filter { $0.hasPrefix(Autoencoder.prefix) }.map { String($0.dropFirst(Autoencoder.prefix.count)) })
    var result = vaeEnds
    for (coder, blocks) in [("encoder", "down"), ("decoder", "up")] {
      let levels = modules.count { "\(coder).\(blocks).\($0).block.0" }
      for level in 0..<levels {
        let layers = modules.count { "\(coder).\(blocks).\(level).block.\($0)" }
        result.addVAELevel(coder, running: coder == "encoder" ? level : levels - 1 - level, of: levels, layers: layers)
      }
    }
    return result
  }

  /// All but the levels.
  private static var vaeEnds: DiffusersNames {
    var names = DiffusersNames()
    for same in ["quant_conv", "post_quant_conv"] { names.add(same, Autoencoder.prefix + same) }
    for coder in ["encoder", "decoder"] {
      for (diffusers, canonical) in [("conv_in", "conv_in"), ("conv_norm_out", "norm_out"), ("conv_out", "conv_out")] {
        names.add("\(coder).\(diffusers)", "\(Autoencoder.prefix)\(coder).\(canonical)")
      }
      names.addVAEResidual("\(coder).mid_block.resnets.0", "\(coder).mid.block_1")
      names.addVAEAttention("\(coder).mid_block.attentions.0", "\(coder).mid.attn_1")
      names.addVAEResidual("\(coder).mid_block.resnets.1", "\(coder).mid.block_2")
    }
    return names
  }

  /// - running: the level's place in the order in which they run, which is how diffusers numbers them. The original
  ///   gives 0 to the level of the whole picture, the decoder's last.
  private mutating func addVAELevel(_ coder: String, running: Int, of count: Int, layers: Int) {
    let isEncoder = coder == "encoder"
    let diffusers = "\(coder).\(isEncoder ? "down" : "up")_blocks.\(running)"
    let canonical = "\(coder).\(isEncoder ? "down.\(running)" : "up.\(count - 1 - running)")"
    for layer in 0..<layers {
      addVAEResidual("\(diffusers).resnets.\(layer)", "\(canonical).block.\(layer)")
      addVAEAttention("\(diffusers).attentions.\(layer)", "\(canonical).attn.\(layer)")
    }
    let (one, other) = isEncoder ? ("downsamplers.0.conv", "downsample.conv") : ("upsamplers.0.conv", "upsample.conv")
    add("\(diffusers).\(one)", "\(Autoencoder.prefix)\(canonical).\(other)")
  }

  private mutating func addVAEResidual(_ diffusers: String, _ canonical: String) {
    for same in ["norm1", "conv1", "norm2", "conv2"] {
      add("\(diffusers).\(same)", "\(Autoencoder.prefix)\(canonical).\(same)")
    }
    add("\(diffusers).conv_shortcut", "\(Autoencoder.prefix)\(canonical).nin_shortcut")
  }

  private mutating func addVAEAttention(_ diffusers: String, _ canonical: String) {
    let canonical = Autoencoder.prefix + canonical
    add("\(diffusers).group_norm", "\(canonical).norm")
    for (name, older, original) in [
      ("to_q", "query", "q"), ("to_k", "key", "k"), ("to_v", "value", "v"), ("to_out.0", "proj_attn", "proj_out"),
    ] {
      add("\(diffusers).\(name)", olderNames: ["\(diffusers).\(older)"], "\(canonical).\(original)", isPointwise: true)
    }
  }
}
