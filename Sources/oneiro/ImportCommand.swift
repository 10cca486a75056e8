import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a pipeline file of checkpoints.",
    discussion: """
      A checkpoint is a PyTorch file (.ckpt, .pth, .bin), a .safetensors file or the index of a sharded one: Stable
      Diffusion 1.5, a DreamDiffusion checkpoint, an encoder from its pre-training, or several of them together. The
      networks and their sizes are read off the tensors' names and shapes.

        oneiro import checkpoint_best.pth --out dream.onnx
        oneiro import v1-5-pruned.safetensors eeg_pretrain/checkpoint.pth --allow-missing --out start.onnx
        oneiro import checkpoint.pth --dtype f16 --out small.onnx
        oneiro import --architecture dreamdiffusion-sd15 --random-weights --out full-size.onnx

      What no tensor's shape tells, such as the number of attention heads, is as in the published models unless --config
      says otherwise: {"unet": {"num_heads": 4}, "eeg_encoder": {"num_heads": 4}}.
      """)

  @Argument(help: "Checkpoints whose tensors go into the pipeline.") var checkpoints: [String] = []
  @Option(help: ArgumentHelp("The pipeline file to write; weights go beside it.", valueName: "onnx")) var out: String
  @Option(help: ArgumentHelp("What weights are stored as: f32 or f16.", valueName: "type")) var dtype = StoredType.f32
  @Option(help: ArgumentHelp("Pixels along a side of the picture.", valueName: "n")) var size = 512
  @Option(help: ArgumentHelp("What the checkpoints do not tell of their networks.", valueName: "json")) var config: String?
  @Option(
    help: ArgumentHelp(
      "Noise schedule and sampler, where the checkpoint has none of its own.", valueName: "json"))
  var scheduler: String?
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
    } else {
      guard !checkpoints.isEmpty else {
        throw ValidationError("say what to import: a checkpoint, or --architecture with --random-weights")
      }
      guard !randomWeights else { throw ValidationError("--random-weights goes with --architecture") }
    }
  }

  func run() throws {
    let start = ContinuousClock.now
    try OutputFile.checkWritable(out)
    let job = try makeImport()
    if !json { explain(job.contents) }
    let bar = ProgressBar(isQuiet: json, unit: "MB")
    try job.write(to: out) { role, done, total in
      bar.update(label: role, done: done / 1_000_000, total: max(total / 1_000_000, 1))
    }
    bar.finish()
    try report(job, seconds: start.secondsSince)
  }

  private func makeImport() throws -> CheckpointImport {
    var options = CheckpointImport.Options()
    options.storedType = dtype.elementType
    options.pictureSize = size
    options.allowsMissing = allowMissing
    if let config { options.overrides = try ConfigurationOverrides(contentsOf: config) }
    if let scheduler { options.scheduler = try SchedulerConstants(contentsOf: scheduler) }
    if let architecture {
      return try CheckpointImport(generating: architecture.configuration, options: options)
    }
    let checkpoint = try Checkpoint.joined(try checkpoints.map { try Checkpoint.read($0) })
    return try CheckpointImport(checkpoint, options: options)
  }

  /// Says on standard error what found no place and what had to be made up.
  private func explain(_ contents: CheckpointContents) {
    func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
    guard architecture == nil else { return }
    for (name, dims) in contents.missing { say("missing: \(name) \(dims)") }
    for name in contents.unknown { say("unknown: \(name)") }
    for (what, count) in contents.unneeded { say("not needed: \(what), \(count) tensor\(count == 1 ? "" : "s")") }
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
      print("  \(role): \(network.parameterCount) parameters in \(network.weights.count) tensors")
    }
    let made = contents.missing.isEmpty || architecture != nil ? "" : ", \(contents.missing.count) tensors made up"
    let size = String(format: "%.2f", Double(job.byteCount) / 1e9), time = String(format: "%.1f", seconds)
    print("\(out): \(size) GB of weights as \(dtype)\(made), \(time) s, \(ProcessMemory.peakByteCount / 1_000_000) MB at peak")
  }
}

extension ContinuousClock.Instant {
  /// Seconds from this moment to now.
  var secondsSince: Double {
    let taken = (ContinuousClock.now - self).components
    return Double(taken.seconds) + Double(taken.attoseconds) * 1e-18
  }
}
