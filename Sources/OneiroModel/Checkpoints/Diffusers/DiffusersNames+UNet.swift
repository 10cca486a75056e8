extension DiffusersNames {
  /// The names of a U-Net of which these are the names in a diffusers folder.
  public static func unet(diffusers names: some Sequence<String>) -> DiffusersNames {
    unet(UNetLevels(diffusers: ModulePaths(names)))
  }

  /// The names of a U-Net of which these are the canonical names; others may be among them.
  public static func unet(canonical names: some Sequence<String>) -> DiffusersNames {
    unet(
      UNetLevels(canonical: ModulePaths(names.lazy.filter { $0.hasPrefix(UNet.prefix) }.map(Self.withoutUNetPrefix))))
  }

  private static func withoutUNetPrefix(_ name: String) -> String { String(name.dropFirst(UNet.prefix.count)) }

  private static func unet(_ levels: UNetLevels) -> DiffusersNames {
    var names = DiffusersNames()
    func add(_ diffusers: String, _ canonical: String) { names.add(diffusers, UNet.prefix + canonical) }
    func addResidual(_ diffusers: String, _ canonical: String) {
      for (one, other) in [
        ("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
        ("norm2", "out_layers.0"),
        ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection"),
      ] { add("\(diffusers).\(one)", "\(canonical).\(other)") }
    }
    add("conv_in", "input_blocks.0.0")
    add("time_embedding.linear_1", "time_embed.0")
    add("time_embedding.linear_2", "time_embed.2")
    add("conv_norm_out", "out.0")
    add("conv_out", "out.2")

    addResidual("mid_block.resnets.0", "middle_block.0")
    add("mid_block.attentions.0", "middle_block.1")
    addResidual("mid_block.resnets.1", "middle_block.2")

    // A downsampling convolution is a block of its own, an upsampling one the last part of the block before it.
    var block = 1
    for (number, level) in levels.down.enumerated() {
      for layer in 0..<level.layers {
        addResidual("down_blocks.\(number).resnets.\(layer)", "input_blocks.\(block).0")
        add("down_blocks.\(number).attentions.\(layer)", "input_blocks.\(block).1")
        block += 1
      }
      if level.resamples {
        add("down_blocks.\(number).downsamplers.0.conv", "input_blocks.\(block).0.op")
        block += 1
      }
    }
    block = 0
    for (number, level) in levels.up.enumerated() {
      for layer in 0..<level.layers {
        addResidual("up_blocks.\(number).resnets.\(layer)", "output_blocks.\(block).0")
        add("up_blocks.\(number).attentions.\(layer)", "output_blocks.\(block).1")
        block += 1
      }
      if level.resamples {
        add("up_blocks.\(number).upsamplers.0.conv", "output_blocks.\(block - 1).\(level.attendsLast ? 2 : 1).conv")
      }
    }
    return names
  }
}

/// What a U-Net's levels are made of, in the order in which they run.
private struct UNetLevels {
  struct Level {
    /// Residual blocks.
    var layers = 0
    /// It ends with a convolution that halves or doubles the picture.
    var resamples = false
    /// Its last residual block is followed by a transformer.
    var attendsLast = false
  }
  var down: [Level] = []
  var up: [Level] = []

  init(diffusers modules: ModulePaths) {
    down = Self.levels(of: "down_blocks", resampler: "downsamplers", in: modules)
    up = Self.levels(of: "up_blocks", resampler: "upsamplers", in: modules)
  }

  private static func levels(of blocks: String, resampler: String, in modules: ModulePaths) -> [Level] {
    (0..<modules.count { "\(blocks).\($0).resnets.0" }).map { number in
      let layers = modules.count { "\(blocks).\(number).resnets.\($0)" }
      return Level(
        layers: layers, resamples: modules.contains("\(blocks).\(number).\(resampler).0"),
        attendsLast: modules.contains("\(blocks).\(number).attentions.\(layers - 1)"))
    }
  }

  init(canonical modules: ModulePaths) {
    var level = Level()
    for block in 1... {
      if modules.contains("input_blocks.\(block).0.in_layers") {
        level.layers += 1
      } else if modules.contains("input_blocks.\(block).0.op"), level.layers > 0 {
        level.resamples = true
        down.append(level)
        level = Level()
      } else {
        break
      }
    }
    if level.layers > 0 { down.append(level) }

    level = Level()
    for block in 0... {
      guard modules.contains("output_blocks.\(block).0.in_layers") else { break }
      level.layers += 1
      level.attendsLast = modules.contains("output_blocks.\(block).1.transformer_blocks")
      if modules.contains("output_blocks.\(block).\(level.attendsLast ? 2 : 1).conv") {
        level.resamples = true
        up.append(level)
        level = Level()
      }
    }
    if level.layers > 0 { up.append(level) }
  }
}
