import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Checkpoints become pipelines") struct ImportTests {
  private static let golden =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Golden"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The small models have four heads where the published ones have eight and sixteen.
  private func smallOptions() throws -> CheckpointImport.Options {
    var options = CheckpointImport.Options()
    let heads =
      #"{"unet": {"num_heads": 4}, "eeg_encoder": {"num_heads": 4}, "clip_image_encoder": {"num_attention_heads": 4}}"#
    options.overrides = try ConfigurationOverrides(json: Data(heads.utf8), source: "test")
    options.pictureSize = 64
    return options
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  @Test("The original's checkpoint generates what the original generated", arguments: ["onednn", "vector"])
  func generation(backend: String) throws {
    let recorded = try SafetensorsFile(contentsOf: "\(Self.golden)/e2e_generate_small.safetensors").tensors
    let source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let job = try CheckpointImport(source, options: try smallOptions())
    #expect(job.contents.missing.isEmpty && job.contents.unknown.isEmpty && job.assumptions.isEmpty)
    #expect(job.scheduler?.steps == 8 || job.scheduler?.steps == 250)
    let pipeline = folder.file("dream.onnx")
    try job.write(to: pipeline)
    var model = try ModelReader.load(pipeline)
    model = try PipelineBuilder.setSampling(.plms, steps: 8, in: model, name: pipeline)
    let loaded = try LoadedModel(model, path: pipeline, outputs: ["context", "latent", "picture"])
    let planner = Planner(backend: try Backend(backend), hostOperators: [DenoiseOperator.self], threads: 2)
    let runner = GraphRunner(loaded.graph, planner: planner)
    for item in 0..<2 {
      let eeg = try #require(recorded["in.eeg\(item)"])
      let twice = Tensor(eeg.elements(of: Float.self) + eeg.elements(of: Float.self), dims: [2] + eeg.dims)
      let noise = try #require(recorded["in.x_T\(item)"])
      let found = try runner.run(["eeg": .tensor(twice), "noise": .tensor(noise)])
      for (name, recording, scale) in [
        ("context", "cond", 1), ("latent", "latent", 0.18215), ("picture", "decoded", 1),
      ] as [(String, String, Double)] {
        let expected = try #require(recorded["mid.\(recording)\(item)"]).doubles()
        let values = try #require(found[name]?.tensor).doubles().map { $0 * scale }
        let largest = expected.reduce(0) { max($0, abs($1)) }
        let difference = zip(values, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
        #expect(values.count == expected.count && difference < 1e-4, "\(name) of item \(item): \(difference)")
      }
    }
  }

  @Test("A pre-training checkpoint gives its weights to encoder and decoder") func pretraining() throws {
    let expected = try SafetensorsFile(
      contentsOf: "\(Self.golden)/stageA_checkpoint_small_expected.safetensors"
    ).tensors
    var options = CheckpointImport.Options()
    options.overrides = try ConfigurationOverrides(
      json: Data(#"{"eeg_encoder": {"num_heads": 4}, "signal_decoder": {"decoder_num_heads": 4}}"#.utf8), source: "test"
    )
    let job = try CheckpointImport(
      try ImportSource(["\(Self.golden)/stageA_checkpoint_small.pth"]), options: options)
    try job.write(to: folder.file("a.onnx"))
    let parts = try Bundle.list(folder.file("a.onnx"))
    #expect(parts.map(\.role) == ["eeg_encoder", "masked_eeg_encoder", "signal_decoder"])
    let model = try ModelReader.load(folder.file("a.onnx"))
    let decoder = try #require(PipelineBuilder.parts(of: model).last).body
    let embedding = try #require(decoder.initializers["decoder_embed.weight"])
    let original = try #require(expected["decoder_embed.weight"])
    // A product takes the weight of a linear layer transposed.
    #expect(embedding.dims == original.dims.reversed())
    let (rows, columns) = (original.dims[0], original.dims[1])
    let (mine, theirs) = (embedding.elements(of: Float.self), original.elements(of: Float.self))
    for row in 0..<rows {
      for column in 0..<columns { #expect(mine[column * rows + row] == theirs[row * columns + column]) }
    }
  }

  @Test("Stable Diffusion and a pre-trained encoder: what is between them is missing, by name") func joined() throws {
    let source = try ImportSource([
      "\(Self.golden)/sd_style_tiny.safetensors", "\(Self.golden)/stageA_checkpoint_small.pth",
    ])
    var options = CheckpointImport.Options()
    options.overrides = try ConfigurationOverrides(
      json: Data(#"{"unet": {"num_heads": 2}, "eeg_encoder": {"num_heads": 4}}"#.utf8), source: "test")
    options.pictureSize = 32
    var job = try CheckpointImport(source, options: options)
    let names = job.contents.missing.map(\.name)
    #expect(names.contains("cond_stage_model.channel_mapper.0.weight"))
    #expect(names.contains("cond_stage_model.dim_mapper.weight"))
    #expect(names.contains("model.diffusion_model.time_embed_condtion.0.weight"))
    #expect(names.allSatisfy { $0.contains("mapper") || $0.contains("time_embed_condtion") })
    let refusal = message { try job.write(to: folder.file("sd.onnx")) }
    #expect(refusal.contains("\"\(names[0])\"") && refusal.contains("no such tensor"))
    #expect(try folder.files == [])
    options.allowsMissing = true
    job = try CheckpointImport(source, options: options)
    try job.write(to: folder.file("sd.onnx"))
    var dreamOptions = Dream.Options(backend: try Backend("onednn"))
    dreamOptions.steps = 4
    let dream = try Dream(folder.file("sd.onnx"), options: dreamOptions)
    #expect(dream.interface.latentDims == [4, 16, 16])
  }

  @Test("Moving averages, the text encoder and the schedule have no place, and are known") func unneeded() throws {
    var options = CheckpointImport.Options()
    options.overrides = try ConfigurationOverrides(json: Data(#"{"unet": {"num_heads": 2}}"#.utf8), source: "test")
    let job = try CheckpointImport(try ImportSource(["\(Self.golden)/sd_style_tiny.safetensors"]), options: options)
    #expect(job.contents.unknown == [])
    #expect(job.contents.unneeded.map(\.what) == ["moving averages of the weights", "noise schedule", "text encoder"])
    #expect(job.contents.networks.map(\.role) == ["unet", "vae_decoder", "vae_encoder"])
    #expect(job.scheduler?.betaStart == 0.00085 && job.scheduler?.betaEnd == 0.012)
  }

  @Test("A tensor of another shape, and a failure half-way, leave the folder as it was") func failures() throws {
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let name = "first_stage_model.decoder.mid.attn_1.q.weight"
    source.checkpoint.tensors[name] = CheckpointTensor(Tensor([1] as [Float], dims: [1]))
    let options = try smallOptions()
    #expect(
      message { _ = try CheckpointImport(source, options: options) }
        .contains("tensor \"\(name)\": expected shape [64, 64, 1, 1], found [1]"))
    struct Gone: Error {}
    source.checkpoint.tensors[name] = CheckpointTensor(.float32, dims: [64, 64, 1, 1]) { () throws(GraphError) in
      throw .invalid("tensor \"\(name)\"", "cannot be read")
    }
    let job = try CheckpointImport(source, options: options)
    #expect(message { try job.write(to: folder.file("dream.onnx")) }.contains(name))
    #expect(try folder.files == [])
    source.checkpoint.tensors[name] = CheckpointTensor(
      Tensor([Float](repeating: .nan, count: 64 * 64), dims: [64, 64, 1, 1]))
    let poisoned = try CheckpointImport(source, options: options)
    #expect(
      message { try poisoned.write(to: folder.file("dream.onnx")) }.contains("element 0: expected a finite number"))
    #expect(try folder.files == [])
    source.checkpoint.tensors["model.diffusion_model.surplus.weight"] = CheckpointTensor(
      Tensor([1] as [Float], dims: [1]))
    let surplus = try CheckpointImport(source, options: options)
    #expect(
      message { try surplus.write(to: folder.file("dream.onnx")) }.contains("model.diffusion_model.surplus.weight"))
    #expect(try folder.files == [])
  }

  @Test(
    "Configurations that cannot be built are refused in words",
    arguments: [
      (#"{"unet": {"num_heads": 5}}"#, "num_heads: expected a number that divides"),
      (#"{"unet": {"heads": 4}}"#, "expected attention_resolutions, channel_mult"),
      (#"{"unet": {"transformer_depth": 1048576}}"#, "transformer_depth: expected 1 ... 1024"),
      (#"{"eeg_encoder": {"depth": 1025}}"#, "depth: expected 1 ... 1024"),
      (#"{"unet": {"norm_eps": 0}}"#, "norm_eps: expected a number above 0"),
      (#"{"unet": {"num_heads": "four"}}"#, "expected a number or list of the kind it has"),
      (#"{"vae": {"num_groups": 0}}"#, "num_groups: expected 1 ..."), (#"{"u-net": {}}"#, "found \"u-net\""),
      (#"[1]"#, "found something else"), (#"{bad"#, "expected JSON"),
      (#"{"signal_decoder": {}}"#, "a network that the checkpoint has"),
    ])
  func configurations(json: String, expected: String) throws {
    let source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let found = message {
      var options = CheckpointImport.Options()
      options.overrides = try ConfigurationOverrides(json: Data(json.utf8), source: "test")
      _ = try CheckpointImport(source, options: options)
    }
    #expect(found.contains(expected), "\(found)")
  }

  @Test("A picture size that the networks cannot halve is refused", arguments: [0, -64, 100, 1 << 20])
  func sizes(size: Int) throws {
    var options = try smallOptions()
    options.pictureSize = size
    let source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    #expect(
      message { _ = try CheckpointImport(source, options: options) }.contains("picture size: expected a multiple of"))
  }

  @Test("Small tensors that speak of huge ones do not have them made up") func madeUp() throws {
    let width = 1 << 18, prefix = EEGEncoder.prefix
    var tensors: [String: CheckpointTensor] = [:]
    for (name, dims) in [
      ("patch_embed.proj.weight", [width, 1, 1]), ("pos_embed", [1, 2, width]), ("blocks.0.norm1.weight", [width]),
    ] {
      tensors[prefix + name] = CheckpointTensor(.float16, dims: dims) { () throws(GraphError) in throw .invalid("", "")
      }
    }
    var options = CheckpointImport.Options()
    options.allowsMissing = true
    let source = ImportSource(Checkpoint(source: "small", tensors: tensors))
    let found = message { _ = try CheckpointImport(source, options: options) }
    #expect(found.contains("is not made up") && found.contains(prefix), "\(found)")
  }

  @Test("A pipeline of fewer parts takes away the weights that only the one before it read") func fewerParts() throws {
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let options = try smallOptions()
    for _ in 0..<2 { try CheckpointImport(source, options: options).write(to: folder.file("dream.onnx")) }
    #expect(try folder.files.count == 8)
    source.checkpoint.tensors = source.checkpoint.tensors.filter { $0.key.hasPrefix("first_stage_model.") }
    try CheckpointImport(source, options: CheckpointImport.Options()).write(to: folder.file("dream.onnx"))
    #expect(try folder.files == ["dream.onnx", "dream.vae_decoder.weights", "dream.vae_encoder.weights"])
  }

  @Test("Of several checkpoints, the one with the EEG encoder has the settings") func settings() throws {
    let other = SafetensorsFile(tensors: ["logvar": Tensor([0] as [Float], dims: [1])])
    try other.write(to: folder.file("other.safetensors"))
    let source = try ImportSource([folder.file("other.safetensors"), "\(Self.golden)/checkpoint_small.pth"])
    let job = try CheckpointImport(source, options: try smallOptions())
    #expect(job.scheduler?.steps == 8)
    let found = try ModelConfiguration(detecting: source.checkpoint)
    #expect(found.eegEncoder?.heads == 4)
  }

  @Test("What a checkpoint says of its decoder's heads, and of steps that no run can be made of") func numbers() throws
  {
    var stageA = try ImportSource(["\(Self.golden)/stageA_checkpoint_small.pth"]).checkpoint
    stageA.settings = .dictionary(["num_heads": .int(4), "decoder_num_heads": .int(2)])
    let model = try ModelConfiguration(detecting: stageA).maskedSignalModel
    #expect(model?.encoder.heads == 4 && model?.decoderHeads == 2)
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    for (steps, expected) in [(250, 250), (300, 50), (1000, 50), (-1, 50), (Int64.max, 50)] as [(Int64, Int)] {
      source.checkpoint.settings = .dictionary(["ddim_steps": .int(steps)])
      #expect(try CheckpointImport(source, options: try smallOptions()).scheduler?.steps == expected, "\(steps)")
    }
  }

  @Test("Tables in 16 bits, and a measured scale of the latents") func tables() throws {
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let betas = try #require(source.checkpoint.tensors["betas"]).read().doubles()
    func scheduler() throws -> SchedulerConstants? { try CheckpointImport(source, options: smallOptions()).scheduler }
    for type in [ElementType.float16, .bfloat16] {
      source.checkpoint.tensors["betas"] = CheckpointTensor(Tensor(type, doubles: betas, dims: [betas.count]))
      #expect(try scheduler()?.betaStart == 0.00085 && scheduler()?.betaEnd == 0.012, "\(type)")
      source.checkpoint.tensors["scale_factor"] = CheckpointTensor(Tensor(type, doubles: [0.18215], dims: []))
      #expect(try scheduler()?.latentScale == 0.18215, "\(type)")
    }
    source.checkpoint.tensors["scale_factor"] = CheckpointTensor(Tensor([0.9] as [Float], dims: []))
    #expect(try scheduler()?.latentScale == 0.9)
    for wrong in [[0], [-1], [.nan], [.infinity], [1, 1], []] as [[Float]] {
      source.checkpoint.tensors["scale_factor"] = CheckpointTensor(Tensor(wrong, dims: [wrong.count]))
      #expect(message { _ = try scheduler() }.contains("tensor \"scale_factor\": expected one number above 0"))
    }
  }

  @Test("A noise predictor for inpainting is refused in words") func inpainting() throws {
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    let name = "model.diffusion_model.input_blocks.0.0.weight"
    let channels = try #require(source.checkpoint.tensors[name]).dims[0]
    let wide = Tensor([Float](repeating: 0, count: channels * 9 * 9), dims: [channels, 9, 3, 3])
    source.checkpoint.tensors = source.checkpoint.tensors.filter { $0.key.hasPrefix("model.diffusion_model.") }
    source.checkpoint.tensors[name] = CheckpointTensor(wide)
    let found = message { _ = try CheckpointImport(source, options: CheckpointImport.Options()) }
    #expect(found.contains("found 9 in and 4 out"), "\(found)")
  }

  @Test("A LoRA that changes nothing of the noise predictor is refused") func idleLoRA() throws {
    var source = try ImportSource(["\(Self.golden)/checkpoint_small.pth"])
    for (name, tensors) in [
      ("empty", [:]), ("text", ["lora_te_layer.lora_up.weight": Tensor([1] as [Float], dims: [1, 1])]),
    ] as [(String, [String: Tensor])] {
      let path = folder.file("\(name).safetensors")
      try SafetensorsFile(tensors: tensors).write(to: path)
      let found = message { _ = try source.merge([(path, 1)]) }
      #expect(found.contains(path) && found.contains("found \(tensors.count) tensors"), "\(found)")
    }
  }

  @Test("Two diffusers folders: what each says of its own part, and the scale of the latents") func folders() throws {
    let tensors = try ImportSource(["\(Self.golden)/checkpoint_small.pth"]).checkpoint.tensors
    let unet = #"{"norm_eps": 0.001, \#(Self.smallBlocks)}"#
    let parts = [
      ("unet", "model.diffusion_model.", DiffusersNames.unet(canonical: tensors.keys), unet),
      ("vae", "first_stage_model.", DiffusersNames.vae(canonical: tensors.keys), #"{"scaling_factor": 0.5}"#),
    ]
    for (part, prefix, names, configuration) in parts {
      let path = folder.file("\(part)-only/\(part)")
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      var own: [String: Tensor] = [:]
      for (name, tensor) in tensors where name.hasPrefix(prefix) {
        if let renamed = names.diffusers(name) { own[renamed] = try tensor.read() }
      }
      try SafetensorsFile(tensors: own).write(to: "\(path)/diffusion_pytorch_model.safetensors")
      try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(path)/config.json"))
    }
    let source = try ImportSource([folder.file("unet-only"), folder.file("vae-only")])
    var options = CheckpointImport.Options()
    options.pictureSize = 64
    options.allowsMissing = true
    let job = try CheckpointImport(source, options: options)
    #expect(job.contents.configuration.unet?.epsilon == 0.001)
    #expect(job.scheduler?.latentScale == 0.5)
  }

  /// What a config.json says of the small U-Net's levels.
  private static let smallBlocks = #"""
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
    """#

  /// The small U-Net and autoencoder under the names of diffusers, as its folders have them.
  private func writeDiffusersFolder(_ unet: [String: Tensor], _ autoencoder: [String: Tensor]) throws -> String {
    let model = folder.file("model")
    for part in ["unet", "vae", "scheduler"] {
      try FileManager.default.createDirectory(atPath: "\(model)/\(part)", withIntermediateDirectories: true)
    }
    func write(_ tensors: [String: Tensor], _ names: DiffusersNames, to part: String) throws {
      var renamed: [String: Tensor] = [:]
      for (name, tensor) in tensors {
        let other = try #require(names.diffusers(name), "\(name)")
        // Linear there, 1x1 convolutions here.
        let isLinear = part == "vae" && other.contains("attentions") && tensor.rank == 4
        renamed[other] = isLinear ? tensor.reshaped(Array(tensor.dims.prefix(2))) : tensor
      }
      try SafetensorsFile(tensors: renamed).write(to: "\(model)/\(part)/diffusion_pytorch_model.safetensors")
    }
    try write(unet, .unet(canonical: unet.keys), to: "unet")
    try write(autoencoder, .vae(canonical: autoencoder.keys), to: "vae")
    let files = [
      "unet/config.json": #"""
      {"attention_head_dim": 4, "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
      """#,
      "vae/config.json": #"{"scaling_factor": 0.25}"#,
      "scheduler/scheduler_config.json":
        #"{"num_train_timesteps": 500, "beta_start": 0.001, "beta_end": 0.02, "beta_schedule": "linear"}"#,
    ]
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(model)/\(name)")) }
    return model
  }

  @Test("A diffusers folder gives the graphs that the original's names give") func diffusers() throws {
    func golden(_ name: String, _ prefix: String) throws -> [String: Tensor] {
      try SafetensorsFile(contentsOf: "\(Self.golden)/\(name).safetensors").tensors.filter { $0.key.hasPrefix(prefix) }
    }
    // DreamDiffusion's time condition has no place in diffusers.
    let unet = try golden("unet_small", UNet.prefix).filter { !$0.key.contains("time_embed_condtion") }
    let autoencoder = try golden("vae_small", Autoencoder.prefix)
    let model = try writeDiffusersFolder(unet, autoencoder)
    var options = CheckpointImport.Options()
    options.pictureSize = 64
    let job = try CheckpointImport(try ImportSource([model]), options: options)
    #expect(job.contents.missing.isEmpty && job.contents.unknown.isEmpty && job.assumptions.isEmpty)
    #expect(job.scheduler?.latentScale == 0.25 && job.scheduler?.trainSteps == 500 && job.scheduler?.betaEnd == 0.02)
    let tensors = unet.merging(autoencoder) { own, _ in own }.mapValues { CheckpointTensor($0) }
    options.overrides = try ConfigurationOverrides(json: Data(#"{"unet": {"num_heads": 4}}"#.utf8), source: "test")
    let direct = try CheckpointImport(ImportSource(Checkpoint(source: "direct", tensors: tensors)), options: options)
    #expect(job.contents.networks.map(\.role) == direct.contents.networks.map(\.role))
    for (mine, theirs) in zip(job.contents.networks, direct.contents.networks) {
      #expect(GraphText.print(try mine.network.model()) == GraphText.print(try theirs.network.model()), "\(mine.role)")
    }
    try Data(#"{"use_linear_projection": true, "attention_head_dim": 4}"#.utf8).write(
      to: URL(filePath: "\(model)/unet/config.json"))
    #expect(
      message { _ = try CheckpointImport(try ImportSource([model]), options: CheckpointImport.Options()) }
        .contains("unet/config.json: levels with transformers: expected [true, true, false] because the tensors say so")
    )
  }
}
