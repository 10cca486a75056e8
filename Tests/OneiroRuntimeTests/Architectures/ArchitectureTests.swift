import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

/// The builders' graphs against what the original networks gave with the same weights, at 1e-4 of the largest value.
@Suite("Built networks give what the original gave") struct ArchitectureTests {
  static let backends = ["onednn", "openblas", "vector", "reference"]
  private let agreement = Agreement(tolerance: 1e-4)

  private func expect(_ found: [String: Tensor], _ expected: [String: Tensor?], _ what: String) throws {
    for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
      let wanted = try #require(tensor, "\(name) is not recorded"), given = try #require(found[name])
      let difference = agreement.difference(expected: wanted, found: given)
      #expect(difference == nil, "\(what), \(name): \(difference ?? "")")
    }
  }

  @Test("EEG encoder, conditioner and heads", arguments: backends) func eeg(backend: String) throws {
    let recorded = try Recorded.load("eeg_encoder_small")
    let ledger = Recorded.ledger(recorded)
    let encoder = EEGEncoder(samples: 64, width: 32, depth: 3, heads: 4, hidden: 32)
    let inside = ["patch_embed.positioned", "blocks.0", "blocks.0.attn.proj", "blocks.1", "blocks.2"]
    let found = try encoder.network(ledger).run(["eeg": recorded["in.eeg"]!], backend: backend, also: inside)
    try expect(found, ["tokens": recorded["out.latent"]], backend)
    for (name, mid) in [
      ("blocks.0", "mid.block0"), ("blocks.0.attn.proj", "mid.block0.attn"), ("blocks.2", "mid.block2"),
    ] {
      // The recording has the first item alone.
      try expect([name: found[name]!.first(1)], [name: recorded[mid]], backend)
    }
    let tokens = ["tokens": recorded["out.latent"]!]
    let conditioner = Conditioner(tokens: 16, width: 32, lengths: [8, 77], contextWidth: 48)
    try expect(
      try conditioner.network(ledger).run(tokens, backend: backend, also: ["channel_mapper.0"]),
      ["context": recorded["out.context"], "channel_mapper.0": recorded["mid.channel_mapper.0"]], backend)
    let mapping = TokenHead(tokens: 16, width: 32, outputs: 24)
    try expect(
      try mapping.network(ledger, prefix: TokenHead.mappingPrefix, output: "embedding").run(tokens, backend: backend),
      ["embedding": recorded["out.mapping"]], backend)
    let classes = TokenHead(tokens: 16, width: 32, outputs: 10)
    try expect(
      try classes.network(ledger, prefix: TokenHead.classPrefix, output: "eeg_logits").run(tokens, backend: backend),
      ["eeg_logits": recorded["out.cls_logits"]], backend)
    #expect(ledger.missing.isEmpty)
  }

  @Test("EEG encoder that pools, with a wider MLP", arguments: backends) func pooled(backend: String) throws {
    let recorded = try Recorded.load("eeg_encoder_small_globalpool_mlp4")
    let ledger = Recorded.ledger(recorded)
    let encoder = EEGEncoder(samples: 64, patch: 8, width: 32, depth: 3, heads: 4, hidden: 128, poolsTokens: true)
    try expect(
      try encoder.network(ledger).run(["eeg": recorded["in.eeg"]!], backend: backend),
      ["tokens": recorded["out.latent"]], backend)
    let conditioner = Conditioner(tokens: 1, width: 32, lengths: nil, contextWidth: 48)
    try expect(
      try conditioner.network(ledger).run(["tokens": recorded["out.latent"]!], backend: backend),
      ["context": recorded["out.context"]], backend)
  }

  @Test("Masked signal model at two mask ratios", arguments: ["r75", "r10"], backends)
  func masked(ratio: String, backend: String) throws {
    let recorded = try Recorded.load("mae_small")
    let model = MaskedSignalModel(
      encoder: EEGEncoder(electrodes: 8, samples: 64, width: 32, depth: 2, heads: 4, hidden: 32), decoderWidth: 16,
      decoderDepth: 2, decoderHeads: 4, decoderHidden: 16)
    let ledger = Recorded.ledger(recorded)
    let encoded = try model.encoderNetwork(ledger).run(
      ["eeg": recorded["in.eeg"]!, "ids_keep": recorded["\(ratio).ids_keep"]!], backend: backend)
    try expect(encoded, ["masked_tokens": recorded["\(ratio).out.latent"]], "\(ratio) on \(backend)")
    let decoded = try model.decoderNetwork(ledger).run(
      ["masked_tokens": encoded["masked_tokens"]!, "ids_restore": recorded["\(ratio).ids_restore"]!], backend: backend)
    try expect(
      decoded,
      ["patches": recorded["\(ratio).out.pred"], "signal": recorded["\(ratio).out.unpatchify_pred"]],
      "\(ratio) on \(backend)")
    #expect(ledger.missing.isEmpty)
  }

  static let smallUNet = UNet(
    channels: 32, factors: [1, 2, 2], blocks: 1, attentionRates: [1, 2], heads: 4, contextWidth: 48)

  @Test("U-Net with and without time condition, also on a wide picture", arguments: backends)
  func unet(backend: String) throws {
    let recorded = try Recorded.load("unet_small")
    var inputs = [
      "sample": recorded["in.x"]!, "timestep": recorded["in.timesteps"]!, "context": recorded["in.context"]!,
    ]
    var unet = Self.smallUNet
    try expect(
      try unet.network(Recorded.ledger(recorded)).run(inputs, backend: backend), ["epsilon": recorded["notc.out"]],
      "without, \(backend)")
    unet.contextLength = 77
    unet.timeConditionLengths = [38, 1]
    let ledger = Recorded.ledger(recorded)
    let network = try unet.network(ledger)
    let inside = ["input_blocks.1.0", "input_blocks.1.1.norm"]
    let found = try network.run(inputs, backend: backend, also: inside)
    try expect(found, ["epsilon": recorded["tc.out"]], "with, \(backend)")
    for name in inside { try expect(found, [name: recorded["tc.mid.\(name)"]], "with, \(backend)") }
    #expect(ledger.missing.isEmpty)
    inputs = [
      "sample": recorded["in.x_rect"]!, "timestep": Tensor([500] as [Int64], dims: [1]),
      "context": recorded["in.context"]!.first(1),
    ]
    try expect(try network.run(inputs, backend: backend), ["epsilon": recorded["tc.out_rect"]], "wide, \(backend)")
  }

  @Test("U-Net on a pooled context", arguments: backends) func pooledUNet(backend: String) throws {
    var recorded = try Recorded.load("unet_small")
    for name in ["weight", "bias"] {
      recorded["model.diffusion_model.time_embed_condtion.\(name)"] = recorded["gp.time_embed_condtion.\(name)"]
    }
    var unet = Self.smallUNet
    unet.contextLength = 1
    unet.timeConditionLengths = []
    let inputs = [
      "sample": recorded["in.x"]!, "timestep": recorded["in.timesteps"]!, "context": recorded["in.context_gp"]!,
    ]
    try expect(
      try unet.network(Recorded.ledger(recorded)).run(inputs, backend: backend), ["epsilon": recorded["gp.out"]],
      backend)
  }

  @Test("Autoencoder both ways, and the bounds of its log-variance", arguments: backends)
  func autoencoder(backend: String) throws {
    let recorded = try Recorded.load("vae_small")
    let ledger = Recorded.ledger(recorded)
    let autoencoder = Autoencoder(channels: 32, factors: [1, 2, 2], blocks: 1)
    try expect(
      try autoencoder.encoderNetwork(ledger).run(["image": recorded["in.image"]!], backend: backend),
      ["latent_mean": recorded["out.mean"], "latent_logvar": recorded["out.logvar_clamped"]], backend)
    try expect(
      try autoencoder.decoderNetwork(ledger).run(["latent": recorded["in.z_unscaled"]!], backend: backend),
      ["picture": recorded["out.decoded"]], backend)
    #expect(ledger.missing.isEmpty)
  }

  @Test("CLIP image encoder", arguments: backends) func clip(backend: String) throws {
    let recorded = try Recorded.load("clip_vision_small")
    let ledger = Recorded.ledger(recorded)
    let encoder = CLIPImageEncoder(imageSize: 28, width: 32, depth: 2, heads: 4, hidden: 64, projection: 24)
    try expect(
      try encoder.network(ledger).run(["pixel_values": recorded["in.pixel_values"]!], backend: backend),
      ["image_embedding": recorded["out.image_embeds"]], backend)
    #expect(ledger.missing.isEmpty)
  }

  @Test("CLIP's preparation of a picture: the shorter side resized, the middle, normalized") func preparation() throws {
    let recorded = try Recorded.load("data_pipeline")
    /// 8-bit pixels [H,W,3] as [1,3,H,W] in -1 ... 1.
    func picture(_ name: String) throws -> Tensor {
      let pixels = try #require(recorded[name])
      let (height, width) = (pixels.dims[0], pixels.dims[1])
      let bytes = pixels.elements(of: UInt8.self)
      return Tensor(Float.self, dims: [1, 3, height, width]) { planes in
        for index in planes.indices {
          let (channel, place) = index.quotientAndRemainder(dividingBy: height * width)
          planes.initializeElement(at: index, to: Float(bytes[place * 3 + channel]) / 127.5 - 1)
        }
      }
    }
    let encoder = CLIPImageEncoder(width: 8, depth: 1, heads: 1, hidden: 8, projection: 4)
    let network = try encoder.network(WeightLedger(generator: GeneratedWeights()), takes: .picture)
    let inside = ["image_processor.center_crop", "image_processor.normalized"]
    let found = try network.run(["image": try picture("clip_pre.in_u8_hwc")], also: inside)
    let cropped = try picture("clip_pre.cropped_u8_hwc").elements(of: Float.self)
    let middle = try #require(found[inside[0]])
    #expect(middle.dims == [1, 3, 224, 224])
    let differences = zip(middle.elements(of: Float.self), cropped).map { abs($0 - $1) * 127.5 }
    // The original rounds to 8 bits after each of two passes, and clamps what bicubic curves overshoot.
    #expect(differences.reduce(0, +) / Float(differences.count) < 0.5, "mean of the difference, in levels of 255")
    let (mean, deviation) = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
    let normalized = try #require(found[inside[1]]).elements(of: Float.self)
    for index in stride(from: 0, to: normalized.count, by: 997) {
      let channel = index / (224 * 224)
      let unit = (Double(middle.elements(of: Float.self)[index]) + 1) / 2
      #expect(abs(Double(normalized[index]) - (unit - mean[channel]) / deviation[channel]) < 1e-5)
    }
  }
}

@Suite("Tables that the architectures are made with") struct ArchitectureTableTests {
  @Test("Generated weights are those of the published recipe") func generated() {
    let weights = GeneratedWeights()
    #expect(weights.units("in.eeg", count: 3) == [0.3323180675506592, -0.8329217433929443, 0.3817117214202881])
    let matrix = weights.tensor("a.weight", [2, 3]).elements(of: Float.self)
    let wanted: [Float] = [0.34106362, -0.54166114, 0.80666769, 0.95455921, -0.91397202, -0.54326427]
    for (found, expected) in zip(matrix, wanted) { #expect(abs(found - expected) < 1e-7) }
    let scale = weights.tensor("a.weight", [3]).elements(of: Float.self)
    for (found, expected) in zip(scale, [1.0341064, 0.94583386, 1.0806668] as [Float]) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test("Position tables, also for another number of patches") func positions() throws {
    let recorded = try Recorded.load("stageA_tables")
    let table = GeneratedWeights().tensor("pos_embed", [1, 17, 32])
    let wanted = try #require(recorded["pos_embed.32x16"])
    #expect(table.elements(of: Float.self) == wanted.elements(of: Float.self))
    for patches in [24, 10] {
      // The encoder adds the table to patches of zero, so that with no blocks it comes out as it is.
      let name = "pos_embed_interp.16to\(patches)"
      let expected = try #require(recorded[name]).reshaped([patches + 1, 32])
      let tensors: [String: Tensor] = [
        "pos_embed": table, "patch_embed.proj.weight": .full([32, 1, 4], 0), "patch_embed.proj.bias": .full([32], 0),
        "norm.weight": .full([32], 1), "norm.bias": .full([32], 0),
      ]
      let encoder = EEGEncoder(electrodes: 1, samples: 4 * patches, width: 32, depth: 0, heads: 4, hidden: 32)
      let network = try encoder.network(Recorded.ledger(tensors), prefix: "", positionRows: 17)
      let found = try network.run(
        ["eeg": .full([1, 1, 4 * patches], 0)], backend: "reference", also: ["patch_embed.positioned"])
      let rows = expected.elements(of: Float.self).dropFirst(32)
      #expect(found["patch_embed.positioned"]?.elements(of: Float.self) == Array(rows), "\(patches) patches")
    }
  }

  @Test("Timestep embedding, also of an odd width", arguments: [(32, "emb32"), (320, "emb320"), (33, "emb33_odd")])
  func timesteps(width: Int, name: String) throws {
    let recorded = try Recorded.load("timestep_embedding")
    let steps = try #require(recorded["t"])
    let unet = UNet(
      channels: width, factors: [1], blocks: 1, attentionRates: [], heads: 1, contextWidth: 4, groups: 1)
    let network = try unet.network(WeightLedger(generator: GeneratedWeights()))
    let count = steps.dims[0]
    let found = try network.run(
      ["sample": .full([count, 4, 8, 8], 0), "timestep": steps, "context": .full([count, 2, 4], 0)],
      backend: "vector", also: ["time_embed.waves"])
    // A timestep of 1000 makes a last bit of a frequency into a thousand of the angle's.
    let difference = Agreement(tolerance: 1e-4).difference(
      expected: try #require(recorded[name]), found: try #require(found["time_embed.waves"]))
    #expect(difference == nil, "\(difference ?? "")")
  }
}
