import OneiroGraph
import OneiroModel
import Testing

@Suite struct DiffusersNamesTests {
  /// A tensor whose elements are never read.
  static func shape(_ dims: [Int]) -> CheckpointTensor {
    CheckpointTensor(.float32, dims: dims) { () throws(GraphError) in throw .invalid(nil, "was read") }
  }

  static func tensor(_ elements: [Float], _ dims: [Int]) -> CheckpointTensor {
    CheckpointTensor(Tensor(elements, dims: dims))
  }

  @Test(arguments: ["unet", "vae"])
  func namesAreThoseOfTheLibrary(part: String) throws {
    let pairs = try GoldenNames.diffusers(part)
    #expect(pairs.count == (part == "unet" ? 686 : 248))
    let (one, other) =
      part == "unet"
      ? (DiffusersNames.unet(canonical: pairs.map(\.canonical)), DiffusersNames.unet(diffusers: pairs.map(\.diffusers)))
      : (DiffusersNames.vae(canonical: pairs.map(\.canonical)), DiffusersNames.vae(diffusers: pairs.map(\.diffusers)))
    for names in [one, other] {
      for pair in pairs {
        #expect(names.diffusers(pair.canonical) == pair.diffusers)
        #expect(names.canonical(pair.diffusers) == pair.canonical)
      }
    }
  }

  @Test func everyNameAndShapeOfACheckpointComesBack() throws {
    for part in ["unet", "vae"] {
      let pairs = try GoldenNames.diffusers(part)
      let names =
        part == "unet"
        ? DiffusersNames.unet(diffusers: pairs.map(\.diffusers)) : .vae(diffusers: pairs.map(\.diffusers))
      let tensors = Dictionary(uniqueKeysWithValues: pairs.map { ($0.diffusers, Self.shape($0.dims)) })
      let renamed = try names.canonical(tensors, source: part)
      #expect(renamed.unknown.isEmpty)
      let expected = try Dictionary(uniqueKeysWithValues: GoldenNames.tensors(part).map { ($0.name, $0.dims) })
      #expect(renamed.tensors.mapValues(\.dims) == expected)
    }
  }

  @Test func handCheckedPairs() throws {
    let unet = try DiffusersNames.unet(canonical: GoldenNames.tensors("unet").map(\.name))
    for (canonical, diffusers) in [
      ("input_blocks.0.0.bias", "conv_in.bias"),
      ("time_embed.2.weight", "time_embedding.linear_2.weight"),
      ("input_blocks.3.0.op.weight", "down_blocks.0.downsamplers.0.conv.weight"),
      ("input_blocks.4.0.skip_connection.weight", "down_blocks.1.resnets.0.conv_shortcut.weight"),
      ("input_blocks.11.0.emb_layers.1.weight", "down_blocks.3.resnets.1.time_emb_proj.weight"),
      ("middle_block.2.out_layers.3.bias", "mid_block.resnets.1.conv2.bias"),
      ("output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight"),
      ("output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight"),
      (
        "output_blocks.11.1.transformer_blocks.0.attn2.to_out.0.bias",
        "up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_out.0.bias"
      ),
      ("out.0.weight", "conv_norm_out.weight"),
    ] { #expect(unet.diffusers("model.diffusion_model.\(canonical)") == diffusers) }
    #expect(unet.diffusers("model.diffusion_model.time_embed_condtion.3.weight") == nil)
    let vae = try DiffusersNames.vae(canonical: GoldenNames.tensors("vae").map(\.name))
    for (canonical, diffusers) in [
      ("encoder.down.2.downsample.conv.bias", "encoder.down_blocks.2.downsamplers.0.conv.bias"),
      ("decoder.up.0.block.0.nin_shortcut.weight", "decoder.up_blocks.3.resnets.0.conv_shortcut.weight"),
      ("decoder.up.3.upsample.conv.weight", "decoder.up_blocks.0.upsamplers.0.conv.weight"),
      ("decoder.mid.attn_1.proj_out.weight", "decoder.mid_block.attentions.0.to_out.0.weight"),
      ("quant_conv.weight", "quant_conv.weight"),
    ] { #expect(vae.diffusers("first_stage_model.\(canonical)") == diffusers) }
  }

  /// Three levels with 1, 3 and 2 layers, transformers on the second: block numbers follow from what is there.
  @Test func numbersAreReadOffTheNames() {
    let diffusers = [
      "down_blocks.0.resnets.0.conv1.weight", "down_blocks.0.downsamplers.0.conv.weight",
      "down_blocks.1.resnets.0.conv1.weight", "down_blocks.1.resnets.1.conv1.weight",
      "down_blocks.1.resnets.2.conv1.weight", "down_blocks.1.attentions.2.proj_in.weight",
      "down_blocks.1.downsamplers.0.conv.weight", "down_blocks.2.resnets.0.norm1.weight",
      "down_blocks.2.resnets.1.norm1.weight", "up_blocks.0.resnets.0.norm1.weight",
      "up_blocks.0.upsamplers.0.conv.weight", "up_blocks.1.resnets.0.norm1.weight",
      "up_blocks.1.resnets.1.norm1.weight", "up_blocks.1.attentions.1.transformer_blocks.0.norm1.weight",
      "up_blocks.1.upsamplers.0.conv.weight", "up_blocks.2.resnets.0.norm1.weight",
    ]
    let canonical = [
      "input_blocks.1.0.in_layers.2.weight", "input_blocks.2.0.op.weight", "input_blocks.3.0.in_layers.2.weight",
      "input_blocks.4.0.in_layers.2.weight", "input_blocks.5.0.in_layers.2.weight", "input_blocks.5.1.proj_in.weight",
      "input_blocks.6.0.op.weight", "input_blocks.7.0.in_layers.0.weight", "input_blocks.8.0.in_layers.0.weight",
      "output_blocks.0.0.in_layers.0.weight", "output_blocks.0.1.conv.weight", "output_blocks.1.0.in_layers.0.weight",
      "output_blocks.2.0.in_layers.0.weight", "output_blocks.2.1.transformer_blocks.0.norm1.weight",
      "output_blocks.2.2.conv.weight", "output_blocks.3.0.in_layers.0.weight",
    ].map { "model.diffusion_model.\($0)" }
    for names in [DiffusersNames.unet(diffusers: diffusers), .unet(canonical: canonical)] {
      #expect(diffusers.map(names.canonical) == canonical)
      #expect(canonical.map(names.diffusers) == diffusers)
    }
  }

  @Test func bothSpellingsOfTheAutoencodersAttention() throws {
    let expected: [String: [Int]] = ["q", "k", "v", "proj_out"].reduce(into: [:]) {
      $0["first_stage_model.encoder.mid.attn_1.\($1).weight"] = [2, 2, 1, 1]
      $0["first_stage_model.encoder.mid.attn_1.\($1).bias"] = [2]
    }
    for spelling in [["to_q", "to_k", "to_v", "to_out.0"], ["query", "key", "value", "proj_attn"]] {
      let tensors = spelling.reduce(into: [String: CheckpointTensor]()) {
        $0["encoder.mid_block.attentions.0.\($1).weight"] = Self.tensor([1, 2, 3, 4], [2, 2])
        $0["encoder.mid_block.attentions.0.\($1).bias"] = Self.tensor([5, 6], [2])
      }
      let renamed = try DiffusersNames.vae(diffusers: tensors.keys).canonical(tensors, source: "vae")
      #expect(renamed.unknown.isEmpty)
      #expect(renamed.tensors.mapValues(\.dims) == expected)
      let weight = try #require(renamed.tensors["first_stage_model.encoder.mid.attn_1.k.weight"]).read()
      #expect(weight.elements(of: Float.self) == [1, 2, 3, 4])
    }
  }

  @Test func linearProjectionsOfTheUNetStay() throws {
    let tensors = ["mid_block.attentions.0.proj_in.weight": Self.shape([4, 4])]
    let renamed = try DiffusersNames.unet(diffusers: tensors.keys).canonical(tensors, source: "unet")
    #expect(renamed.tensors["model.diffusion_model.middle_block.1.proj_in.weight"]?.dims == [4, 4])
  }

  @Test func imageEncoderGetsItsPrefix() throws {
    let names = try GoldenNames.tensors("clip_vision").map(\.name)
    let prefix = "image_embedder.transformer."
    var tensors = Dictionary(uniqueKeysWithValues: names.map { (String($0.dropFirst(prefix.count)), Self.shape([1])) })
    tensors["text_model.final_layer_norm.weight"] = Self.shape([1])
    let renamed = try DiffusersNames.imageEncoder.canonical(tensors, source: "image_encoder")
    #expect(renamed.unknown == ["text_model.final_layer_norm.weight"])
    #expect(Set(renamed.tensors.keys) == Set(names + renamed.unknown))
  }

  @Test func unknownNamesAreKeptAndReported() throws {
    let odd = [
      "add_embedding.linear_1.weight", "down_blocks.0.resnets.00.conv1.weight", "down_blocks.7.resnets.0.conv1.weight",
      "down_blocks.0.motion_modules.0.proj_in.weight", "conv_in", "", "...",
      "down_blocks.99999999999999999999.resnets.0.conv1.weight", String(repeating: "a.", count: 50_000),
    ]
    var tensors = odd.reduce(into: [String: CheckpointTensor]()) { $0[$1] = Self.shape([1]) }
    tensors["down_blocks.0.resnets.0.conv1.weight"] = Self.shape([1])
    let renamed = try DiffusersNames.unet(diffusers: tensors.keys).canonical(tensors, source: "unet")
    #expect(renamed.unknown == odd.sorted())
    #expect(Set(renamed.tensors.keys) == Set(odd + ["model.diffusion_model.input_blocks.1.0.in_layers.2.weight"]))
  }

  @Test func twoNamesForOneTensorAreRefused() {
    let tensors = [
      "decoder.mid_block.attentions.0.query.weight": Self.shape([1]),
      "decoder.mid_block.attentions.0.to_q.weight": Self.shape([1]),
    ]
    let text = message { _ = try DiffusersNames.vae(diffusers: tensors.keys).canonical(tensors, source: "vae.bin") }
    #expect(
      text == """
        vae.bin: tensor "decoder.mid_block.attentions.0.to_q.weight": expected one tensor for \
        "first_stage_model.decoder.mid.attn_1.q.weight", found also "decoder.mid_block.attentions.0.query.weight"
        """)
  }
}
