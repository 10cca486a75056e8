import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroPicture
import OneiroRuntime

struct DreamCommand: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "dream",
    abstract: "Turn EEG into pictures.",
    discussion: """
      EEG is a recording (EDF, BDF, GDF, BrainVision, a folder of BIDS), a data set, a folder of .npy windows, or an array
      in a .npy, .npz or .safetensors file: [channels, samples] or [trials, channels, samples]. FILE:3 takes one trial,
      FILE:0-7,12 some, FILE:all or FILE alone all of them.

        oneiro dream Models/dreamdiffusion-tiny.onnx --out picture.png \\
          --eeg Models/parts/eeg_samples.safetensors:0
        oneiro dream PIPELINE.onnx --eeg trials.npy:all --samples 4 \\
          --out pictures.png --sheet sheet.png
        oneiro dream PIPELINE.onnx --eeg trial.npy --out p.png \\
          --with unet=other.onnx --sampler dpmpp_2m --steps 20
        oneiro dream PIPELINE.onnx --eeg trial.npy --out p.png \\
          --sampler ddim --eta 1 --guidance 3

        oneiro dream PIPELINE.onnx --eeg rec.bdf --out pictures/ \\
          --event 5 --window 0.02:0.46
        oneiro dream PIPELINE.onnx --eeg bids/sub-01 --out pictures/ \\
          --event face,house --trials all --channel-map reference

      Recordings are prepared as the pipeline says: its sampling rate, filters, window, electrodes. Channels are found by
      their names, electrodes that are missing computed by splines. Arrays of the pipeline's own shape are taken as they
      are.

      With several pictures, --out pictures.png names them pictures-TRIAL-SAMPLE.png.

        oneiro dream PIPELINE.onnx --eeg trials.npy --out pictures/ \\
          --samples 5 --preview 10

      --out FOLDER/ is for many: TRIAL-SAMPLE.png, a sheet.png of the first ones, and manifest.jsonl with a line for each
      picture that is complete. What was stopped goes on where it was when it is run again: such pictures are not drawn anew.

      --compare-samplers draws one trial with several samplers from the same noise, on one sheet, with the seconds each
      took and how far it is from the picture of PLMS with 250 steps. --sampler and --steps take lists there:

        oneiro dream PIPELINE.onnx --eeg trial.npy --compare-samplers \\
          --sheet samplers.png
        oneiro dream PIPELINE.onnx --eeg trial.npy --compare-samplers \\
          --sampler euler,unipc --steps 10,25 --sheet s.png

      plms and ddim sample as the original latent diffusion code does, so they take a few steps more where their number does
      not divide the schedule's: 8 for --steps 7 of 1000. In the first of its steps plms calls the U-Net twice. euler,
      euler_ancestral, dpmpp_2m, dpmpp_2m_karras and unipc sample as diffusers' schedulers with the settings of Stable
      Diffusion 1.5.
      """.flowing)

  @Argument(help: "A pipeline file.") var pipeline: String
  @Option(help: ArgumentHelp("The recording, and which of its trials.", valueName: "file[:trials]")) var eeg: String
  @Option(help: ArgumentHelp("Where to write the picture, or a folder for many of them.", valueName: "png or folder"))
  var out: String?
  @Option(
    help: ArgumentHelp(
      "Also write all pictures on one sheet, under the true ones where the recording has them.", valueName: "png"))
  var sheet: String?
  @Option(help: ArgumentHelp("Pictures beside each other on the sheet.", valueName: "n")) var columns = 10
  @Option(help: ArgumentHelp("Steps of the sampler; the default is the pipeline's.", valueName: "n")) var steps:
    CommaList<Int>?
  @Option(help: ArgumentHelp("\(SamplerKind.names); the default is the pipeline's.", valueName: "name")) var sampler:
    CommaList<SamplerKind>?
  @Option(help: ArgumentHelp("Fresh noise that ddim adds, from 0 for none to 1.", valueName: "x")) var eta: Double?
  @Option(
    help: ArgumentHelp(
      "How far to push away from what the model says without the EEG: 1 is not at all. The pipeline needs an unconditional context for it (oneiro bundle).",
      valueName: "x"))
  var guidance: Double?
  @Flag(help: "Compare samplers on one trial; the sheet and a table are the result.") var compareSamplers = false
  @Option(help: ArgumentHelp("Steps of the PLMS picture that others are compared with.", valueName: "n"))
  var referenceSteps: Int?
  @Option(
    help: ArgumentHelp(
      "Seed of the starting noise, the numbers that PyTorch draws on a CPU, and of the noise that some samplers add.",
      valueName: "n"))
  var seed: UInt64 = 0
  @Option(
    help: ArgumentHelp(
      "Starting noise from a file (.npy, or array x_T of a .npz or .safetensors), or \"recorded\": that of the trials' own file.",
      valueName: "file"))
  var noise: String?
  @Option(help: ArgumentHelp("Pictures to make of each trial.", valueName: "n")) var samples = 1
  @Option(
    help: ArgumentHelp(
      "Every so many steps, write what the picture is going to be, small and quick: preview.png in the folder of --out, or beside the picture.",
      valueName: "n"))
  var preview: Int?
  @Option(
    name: .customLong("with"), help: ArgumentHelp("Another graph for a part of the pipeline.", valueName: "role=file"))
  var replacements: [String] = []
  @Flag(help: "Print one JSON object at the end.") var json = false
  @Option(help: ArgumentHelp("Which trials, as after the colon: 3, 0-7,12 or all.", valueName: "trials"))
  var trials: String?
  @OptionGroup(title: "Preparation") var preparation: PreparationOptions
  @OptionGroup var options: BackendOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var packed: PackedOption
  @OptionGroup var verbosity: VerboseOption

  func validate() throws {
    if let trials {
      guard TrialSelection(trials[...]) != nil else {
        throw ValidationError("--trials: expected 3, 0-7,12 or all, found \"\(trials)\"")
      }
      guard TrialSelection.split(eeg).selection == nil else {
        throw ValidationError("--trials does not go with trials behind the file's name")
      }
    }
    if compareSamplers {
      try validateComparison()
    } else {
      guard out != nil || sheet != nil else { throw ValidationError("say where the picture goes: --out picture.png") }
      try expectOne(steps?.values.count, "--steps", "one number")
      try expectOne(sampler?.values.count, "--sampler", "one name")
      guard referenceSteps == nil else { throw ValidationError("--reference-steps goes with --compare-samplers") }
    }
    if let wrong = steps?.values.first(where: { $0 < 1 }) {
      throw ValidationError("--steps: expected 1 or more, found \(wrong)")
    }
    if let eta, !(0...1).contains(eta) { throw ValidationError("--eta: expected 0 ... 1, found \(eta)") }
    guard samples >= 1 else { throw ValidationError("--samples: expected 1 or more, found \(samples)") }
    guard columns >= 1 else { throw ValidationError("--columns: expected 1 or more, found \(columns)") }
    if let out, !isFolder { try OutputFile.checkEnding(out, [".png"], option: "--out") }
    if let sheet { try OutputFile.checkEnding(sheet, [".png"], option: "--sheet") }
    if let preview {
      guard preview >= 1 else { throw ValidationError("--preview: expected 1 or more, found \(preview)") }
      guard out != nil else { throw ValidationError("--preview goes with --out") }
    }
    _ = try PartReplacements.files(replacements)
  }

  /// Whether pictures go into a folder, with a manifest.
  var isFolder: Bool { out.map(OutputFile.isFolder) ?? false }

  private func validateComparison() throws {
    guard sheet != nil else { throw ValidationError("say where the comparison goes: --sheet samplers.png") }
    guard out == nil else { throw ValidationError("--compare-samplers writes one sheet: --sheet and not --out") }
    guard eta == nil else { throw ValidationError("--eta does not go with --compare-samplers") }
    guard samples == 1 else { throw ValidationError("--samples does not go with --compare-samplers") }
  }

  private func expectOne(_ count: Int?, _ option: String, _ expected: String) throws {
    guard let count, count != 1 else { return }
    throw ValidationError("\(option): expected \(expected) without --compare-samplers, found \(count)")
  }

  var outputFiles: [String] { [isFolder ? nil : out, sheet].compactMap { $0 } }
  var outputFolders: [String] { out.map { isFolder ? [$0] : [] } ?? [] }

  func run() throws { try packed.keeping(verbosity, run(keeping:)) }

  private func run(keeping packed: PackedWeights?) throws {
    let path = TrialSelection.split(eeg).path
    let replaced = try PartReplacements.files(replacements)
    try OutputFile.checkDistinct(
      outputFiles,
      inputs: [pipeline, path] + replaced.values + [noise].compactMap { $0 })
    var options = try dreamOptions()
    options.packed = packed
    // Read once: large graphs take a while.
    let model = try Bundle.load(pipeline, replacing: replaced)
    let opener = try RecordingOpener(pipeline, model: model, replacing: replaced, planner: options.planner)
    let recording = try preparation.open(eegWithTrials, option: "--eeg", with: opener, isQuiet: json)
    let empty = recording.emptyTrialNumbers
    if !empty.isEmpty {
      let what = empty.count == 1 ? "trial \(empty[0]) is" : "trials \(TrialSelection.text(empty)) are"
      Log.shared.warning("\(path): \(what) zeros alone, so there is no EEG to draw from")
    }
    let hasClassifier = PipelineBuilder.parts(of: model).contains { $0.role == "image_classifier" }
    if hasClassifier && recording.labels != nil { options.alsoComputes.append(PipelineInterface.classLogitsName) }
    if compareSamplers {
      try compare(recording, options, from: path)
    } else {
      // Parts that are not computed go when it does.
      try draw(recording, with: consume model, options, from: path)
    }
    verbosity.conclude()
  }

  private var eegWithTrials: String { trials.map { "\(eeg):\($0)" } ?? eeg }

  private func dreamOptions() throws -> Dream.Options {
    var result = Dream.Options(backend: try options.load())
    result.sampler = sampler?.values.first
    result.steps = steps?.values.first
    result.eta = eta
    result.guidance = guidance
    result.threads = options.usefulThreads
    result.tuning = options.openedTuning
    result.rewrites = try options.rewrites
    result.maxMemory = memory.maxMemory?.bytes
    if verbosity.verbose { result.didPlan = { [verbosity] in verbosity.announce($0) } }
    result.replacing = try PartReplacements.files(replacements)
    if preview != nil { result.alsoComputes.append(PipelineInterface.latentName) }
    return result
  }

  func startingNoise(_ recording: Recording) throws -> StartingNoise {
    try StartingNoise.named(noise, seed: seed, of: recording)
  }
}
