import ArgumentParser
import Foundation
import OneiroDream
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct ImportCommand: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a pipeline file of checkpoints.",
    discussion: """
      A checkpoint is a PyTorch file (.ckpt, .pth, .bin), a .safetensors file or the index of a sharded one: Stable
      Diffusion 1.5, a DreamDiffusion checkpoint, an encoder from its pre-training, or several of them together. It may
      also be a folder as diffusers saves one (unet/, vae/, ...), or as Optimum exports one (unet/model.onnx, ...). The
      networks and their sizes are read off the tensors' names and shapes.

        oneiro import checkpoint_best.pth --out dream.onnx
        oneiro import v1-5-pruned.safetensors eeg_pretrain/checkpoint.pth \\
          --allow-missing --out start.onnx
        oneiro import stable-diffusion-v1-5/ --lora style.safetensors:0.8 \\
          --out style.onnx
        oneiro import checkpoint.pth --dtype f16 --out small.onnx
        oneiro import --architecture dreamdiffusion-sd15 --random-weights \\
          --out full-size.onnx

      What no tensor's shape tells, such as the number of attention heads, is as in the published models unless --config
      says otherwise: {"unet": {"num_heads": 4}, "eeg_encoder": {"num_heads": 4}}.
      """.flowing)

  @Argument(help: "Checkpoints whose tensors go into the pipeline.") var checkpoints: [String] = []
  @Option(help: ArgumentHelp("The pipeline file to write; weights go beside it.", valueName: "onnx")) var out: String
  @Option(help: ArgumentHelp("What weights are stored as: f32 or f16.", valueName: "type")) var dtype = StoredType.f32
  @Option(help: ArgumentHelp("Pixels along a side of the picture; 512 unless given.", valueName: "n")) var size: Int?
  @Option(help: ArgumentHelp("What the checkpoints do not tell of their networks.", valueName: "json")) var config:
    String?
  @Option(
    help: ArgumentHelp(
      "Noise schedule and sampler, where the checkpoint has none of its own.", valueName: "json"))
  var scheduler: String?
  @Option(
    name: .customLong("lora"), parsing: .singleValue,
    help: ArgumentHelp("A LoRA to add to the U-Net, by a factor; may be repeated.", valueName: "file[:scale]"))
  var loras: [String] = []
  @Flag(help: "Take the moving averages of the U-Net's weights that the checkpoint keeps (model_ema).")
  var useEma = false
  @Option(
    help: ArgumentHelp("What stands for no condition, for --guidance of dream: [tokens, width].", valueName: "file"))
  var unconditional: String?
  @Option(
    help: ArgumentHelp(
      "How recordings are prepared; without it as DreamDiffusion's trials, 20 to 460 ms at 1000 Hz.", valueName: "json")
  )
  var preparation: String?
  @Flag(help: "Make up tensors that are missing, and leave out those that are not known. They are listed.")
  var allowMissing = false
  @Option(help: ArgumentHelp("A known system to build without a checkpoint.", valueName: "name"))
  var architecture: Architecture?
  @Flag(help: "With --architecture: weights made from the tensors' names, for tests and timings.")
  var randomWeights = false
  @Flag(help: "Print one JSON object at the end.") var json = false

  enum StoredType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16
    var elementType: ElementType { self == .f32 ? .float32 : .float16 }
  }

  enum Architecture: String, ExpressibleByArgument, CaseIterable {
    case dreamDiffusion = "dreamdiffusion-sd15"
    var configuration: ModelConfiguration { .dreamDiffusion }
  }

  func validate() throws {
    if architecture != nil {
      guard checkpoints.isEmpty else { throw ValidationError("give checkpoints or --architecture, not both") }
      guard randomWeights else {
        throw ValidationError("--architecture needs --random-weights: without a checkpoint there are no others")
      }
      guard loras.isEmpty, !useEma else { throw ValidationError("--lora and --use-ema go with checkpoints") }
    } else {
      guard !checkpoints.isEmpty else {
        throw ValidationError("say what to import: a checkpoint, or --architecture with --random-weights")
      }
      guard !randomWeights else { throw ValidationError("--random-weights goes with --architecture") }
      for text in loras {
        let (path, scale) = Self.scaled(text)
        guard scale.isFinite, !path.isEmpty, FileManager.default.fileExists(atPath: path) else {
          throw ValidationError("--lora: expected a file, or FILE:0.8 with a factor, found \"\(text)\"")
        }
      }
    }
  }

  var outputFiles: [String] { [out] }

  func run() throws {
    let start = ContinuousClock.now
    try OutputFile.checkDistinct(
      [out],
      inputs: checkpoints + loras.map { Self.scaled($0).path }
        + [config, scheduler, unconditional, preparation].compactMap { $0 })
    if let folder = optimumFolder { return try bundle(folder) }
    let job = try makeImport()
    if json, (try? job.checkComplete()) == nil { listAsJSON(job.contents) }
    if !json { explain(job) }
    let bar = ProgressBar(isQuiet: json, counting: nil)
    try job.write(to: out) { role, done, total in bar.update(label: role, done: done, total: total) }
    bar.finish()
    try report(job, seconds: (ContinuousClock.now - start).seconds)
  }

  private func makeImport() throws -> CheckpointImport {
    var options = CheckpointImport.Options()
    options.storedType = dtype.elementType
    if let size { options.pictureSize = size }
    options.allowsMissing = allowMissing
    if let config { options.overrides = try ConfigurationOverrides(contentsOf: config) }
    if let unconditional { options.unconditional = try UnconditionalContext(contentsOf: unconditional) }
    if let preparation { options.preparation = try PreparationSettings(contentsOf: preparation) }
    func readScheduler(latentScale: Double) throws {
      guard let scheduler else { return }
      options.scheduler = try SchedulerConstants(contentsOf: scheduler, latentScale: latentScale)
    }
    if let architecture {
      try readScheduler(latentScale: SchedulerConstants.stableDiffusion.latentScale)
      return try CheckpointImport(generating: architecture.configuration, options: options)
    }
    var source = try ImportSource(checkpoints, isAveraged: useEma)
    let unused = try source.merge(loras.map(Self.scaled))
    if !unused.isEmpty && !json { Self.say("not used: \(counted(unused.count, "tensor")) of LoRAs for a text encoder") }
    try readScheduler(latentScale: try source.latentScale())
    return try CheckpointImport(source, options: options)
  }

  /// "style.safetensors:0.8" as path and factor.
  private static func scaled(_ text: String) -> (path: String, scale: Double) {
    guard let colon = text.lastIndex(of: ":"), let scale = Double(text[text.index(after: colon)...]) else {
      return (text, 1)
    }
    return (String(text[..<colon]), scale)
  }

  /// The one folder of exported models that was given.
  private var optimumFolder: String? {
    guard checkpoints.count == 1, FileKind.isFolder(checkpoints[0]) else { return nil }
    return (try? Bundle.files(inFolder: checkpoints[0])) == nil ? nil : checkpoints[0]
  }

  /// Exported graphs are taken as they are.
  private func bundle(_ folder: String) throws {
    guard loras.isEmpty, !useEma, config == nil, dtype == .f32, size == nil, !allowMissing else {
      throw ValidationError(
        "--lora, --use-ema, --config, --dtype, --size and --allow-missing go with checkpoints, not with exported models"
      )
    }
    var files = try Bundle.files(inFolder: folder)
    if let scheduler { files.schedulerFile = scheduler }
    if let preparation { files.preparationFile = preparation }
    try Bundle.create(out, files, unconditional: unconditional)
    let roles = try Bundle.list(out).map(\.role)
    if json {
      let object: [String: Any] = ["file": out, "parts": roles.map { ["role": $0] }]
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
    } else {
      print("\(out): \(roles.joined(separator: ", "))")
    }
  }

  private static func say(_ text: String) { StandardError.print(text) }

  /// The names of what keeps the import from being made, for machines; the error follows.
  private func listAsJSON(_ contents: CheckpointContents) {
    let object: [String: Any] = ["missing": contents.missing.map(\.name), "unknown": contents.unknown]
    if let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]) {
      print(String(decoding: data, as: UTF8.self))
    }
  }

  /// Says on standard error what found no place and what had to be made up.
  private func explain(_ job: CheckpointImport) {
    guard architecture == nil else { return }
    let contents = job.contents
    for (name, dims) in contents.missing { Self.say("missing: \(name) \(dims)") }
    for name in contents.unknown { Self.say("unknown: \(name)") }
    if !job.assumptions.isEmpty {
      Self.say("assumed, as no shape tells it (--config says otherwise): \(job.assumptions.joined(separator: ", "))")
    }
    let roles = contents.networks.map(\.role)
    for (role, what) in [("eeg_encoder", "EEG encoder"), ("unet", "U-Net"), ("vae_decoder", "image decoder")]
    where !roles.contains(role) {
      Self.say("note: there is no \(what) in it, and without one \"oneiro dream\" cannot draw")
    }
    for (what, count) in contents.unneeded { Self.say("not needed: \(what), \(counted(count, "tensor"))") }
  }

  private func report(_ job: CheckpointImport, seconds: Double) throws {
    let contents = job.contents
    if json {
      let parts = contents.networks.map { role, network in
        ["role": role, "tensors": network.weights.count, "parameters": network.parameterCount] as [String: Any]
      }
      let object: [String: Any] = [
        "file": out, "seconds": seconds, "weight_bytes": job.byteCount, "parts": parts,
        "missing": contents.missing.map(\.name), "unknown": contents.unknown,
        "unneeded": Dictionary(uniqueKeysWithValues: contents.unneeded),
        "peak_bytes": ProcessMemory.peakByteCount,
      ]
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
      return
    }
    for (role, network) in contents.networks {
      print("  \(role): \(network.parameterCount) parameters in \(counted(network.weights.count, "tensor"))")
    }
    let missing = counted(contents.missing.count, "tensor")
    let made = contents.missing.isEmpty || architecture != nil ? "" : ", \(missing) made up"
    let time = String(format: "%.1f", seconds), peak = ByteCount(ProcessMemory.peakByteCount)
    print("\(out): \(ByteCount(job.byteCount)) of weights as \(dtype)\(made), \(time) s, \(peak) at peak")
  }
}
