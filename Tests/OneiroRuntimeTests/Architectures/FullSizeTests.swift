import Foundation
import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

/// The networks at their published size, with weights that anybody can make from the tensors' names, against what the
/// original code gave with the same weights. A U-Net takes 3.4 GB and its packed copy as much again, so these stand
/// back on small machines.
@Suite(
  "Networks of full size give what the original gave", .serialized,
  .enabled(if: ProcessInfo.processInfo.physicalMemory >= 12 << 30, "less than 12 GiB of memory"))
struct FullSizeTests {
  private let configuration = ModelConfiguration.dreamDiffusion
  private let ledger = WeightLedger(generator: GeneratedWeights())
  private static let root3: Float = 1.7320508

  private func expect(_ found: Tensor?, _ expected: Tensor?, _ what: String) throws {
    let difference = Agreement(tolerance: 1e-4).difference(expected: try #require(expected), found: try #require(found))
    #expect(difference == nil, "\(what): \(difference ?? "")")
  }

  @Test("EEG encoder, conditioner and heads", arguments: ["onednn", "openblas"]) func eeg(backend: String) throws {
    let recorded = try Recorded.load("full_hash_eeg")
    let eeg = Recorded.input("full.eeg", [1, 128, 512], scale: 0.5)
    let encoder = try #require(configuration.eegEncoder)
    let tokens = try encoder.network(ledger).run(["eeg": eeg], backend: backend)
    try expect(tokens["tokens"], recorded["out.latent"], "tokens")
    let conditioner = try #require(configuration.conditioner)
    let context = try conditioner.network(ledger).run(tokens, backend: backend)
    try expect(context["context"], recorded["out.context"], "context")
    for (prefix, outputs, name) in [
      (TokenHead.mappingPrefix, 768, "out.mapping"), (TokenHead.classPrefix, 40, "out.cls_logits"),
    ] {
      let head = try TokenHead(outputs: outputs).network(ledger, prefix: prefix, output: "head")
      try expect(try head.run(tokens, backend: backend)["head"], recorded[name], name)
    }
  }

  @Test("Autoencoder both ways", arguments: ["onednn", "openblas"]) func autoencoder(backend: String) throws {
    let recorded = try Recorded.load("full_hash_vae")
    let autoencoder = try #require(configuration.autoencoder)
    let image = Recorded.input("full.image", [1, 3, 128, 128])
    let moments = try autoencoder.encoderNetwork(ledger).run(["image": image], backend: backend)
    let both = try #require(recorded["out.moments"]).elements(of: Float.self)
    let half = both.count / 2
    try expect(moments["latent_mean"], Tensor(Array(both[..<half]), dims: [1, 4, 16, 16]), "mean")
    let bounded = both[half...].map { min(max($0, -30), 20) }
    try expect(moments["latent_logvar"], Tensor(bounded, dims: [1, 4, 16, 16]), "log-variance")
    let z = Recorded.input("full.z", [1, 4, 16, 16], scale: Self.root3).elements(of: Float.self)
    let latent = Tensor(z.map { Float(1 / 0.18215) * $0 }, dims: [1, 4, 16, 16])
    let decoded = try autoencoder.decoderNetwork(ledger).run(["latent": latent], backend: backend)
    try expect(decoded["picture"], recorded["out.decoded"], "picture")
  }

  @Test("CLIP image encoder") func clip() throws {
    let recorded = try Recorded.load("full_hash_clip_vision")
    let encoder = try #require(configuration.clipImageEncoder)
    let pixels = Recorded.input("full.pixels", [1, 3, 224, 224], scale: Self.root3)
    let found = try encoder.network(ledger).run(["pixel_values": pixels])
    try expect(found["image_embedding"], recorded["out.image_embeds"], "embedding")
  }

  @Test("U-Net with and without time condition, at two sizes") func unet() throws {
    let recorded = try Recorded.load("full_hash_unet")
    let context = Recorded.input("full.context", [1, 77, 768], scale: Self.root3)
    func inputs(_ name: String, _ side: Int, _ timestep: Int64) -> [String: Tensor] {
      [
        "sample": Recorded.input(name, [1, 4, side, side], scale: Self.root3),
        "timestep": Tensor([timestep], dims: [1]), "context": context,
      ]
    }
    var unet = try #require(configuration.unet)
    do {
      // One copy of the weights serves both sizes.
      let runner = GraphRunner(
        try unet.network(ledger).model().graph, planner: Planner(backend: try Backend("onednn"), threads: 2))
      for (name, side, timestep, output) in [("full.x", 16, 981, "out.eps16"), ("full.x64", 64, 1, "out.eps64")] {
        let found = try runner.run(inputs(name, side, Int64(timestep)).mapValues(Value.tensor))
        try expect(found["epsilon"]?.tensor, recorded[output], output)
      }
    }
    unet.timeConditionLengths = nil
    let found = try unet.network(ledger).run(inputs("full.x", 16, 981))
    try expect(found["epsilon"], recorded["out.eps16_no_time_cond"], "out.eps16_no_time_cond")
  }

  @Test("As many parameters as the original has") func sizes() throws {
    let unet = try #require(configuration.unet).network(ledger)
    #expect(unet.parameterCount == 860_508_287)
    let autoencoder = try #require(configuration.autoencoder)
    let both = try [autoencoder.encoderNetwork(ledger), autoencoder.decoderNetwork(ledger)].flatMap(\.weights)
    #expect(both.reduce(0) { $0 + $1.tensor.dims.reduce(1, *) } == 83_653_863)
    #expect(try #require(configuration.clipImageEncoder).network(ledger).parameterCount == 303_966_208)
  }
}
