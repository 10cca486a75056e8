import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroPicture
import OneiroRuntime

struct DreamCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dream",
    abstract: "Turn EEG into pictures.",
    discussion: """
      EEG is a .npy, .npz or .safetensors file of one trial [channels, samples] or several [trials, channels, samples].
      FILE:3 takes one trial, FILE:0-7,12 some, FILE:all or FILE alone all of them.

        oneiro dream Models/dreamdiffusion-tiny.onnx --eeg Models/parts/eeg_samples.safetensors:0 --out picture.png
        oneiro dream PIPELINE.onnx --eeg trials.npy:all --samples 4 --out pictures.png --sheet sheet.png
        oneiro dream PIPELINE.onnx --eeg trial.npy --out p.png --with unet=other.onnx --sampler dpmpp_2m --steps 20
        oneiro dream PIPELINE.onnx --eeg trial.npy --out p.png --sampler ddim --eta 1 --guidance 3

      With several pictures, --out pictures.png names them pictures-TRIAL-SAMPLE.png.

      --compare-samplers draws one trial with several samplers from the same noise, on one sheet, with the seconds each
      took and how far it is from the picture of PLMS with 250 steps. --sampler and --steps take lists there:

        oneiro dream PIPELINE.onnx --eeg trial.npy --compare-samplers --sheet samplers.png
        oneiro dream PIPELINE.onnx --eeg trial.npy --compare-samplers --sampler euler,unipc --steps 10,25 --sheet s.png

      plms and ddim sample as the original latent diffusion code does; euler, euler_ancestral, dpmpp_2m, dpmpp_2m_karras
      and unipc as diffusers' schedulers with the settings of Stable Diffusion 1.5.
      """)

  @Argument(help: "A pipeline file.") var pipeline: String
  @Option(help: ArgumentHelp("The recording, and which of its trials.", valueName: "file[:trials]")) var eeg: String
  @Option(help: ArgumentHelp("Where to write the picture.", valueName: "png")) var out: String?
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
    name: .customLong("with"), help: ArgumentHelp("Another graph for a part of the pipeline.", valueName: "role=file"))
  var replacements: [String] = []
  @Flag(help: "Print one JSON object at the end.") var json = false
  @OptionGroup var options: BackendOptions
  @OptionGroup var verbosity: VerboseOption

  func validate() throws {
    if compareSamplers {
      try validateComparison()
    } else {
      guard out != nil || sheet != nil else { throw ValidationError("say where the picture goes: --out picture.png") }
      try expectOne(steps?.values.count, "--steps", "one number")
      try expectOne(sampler?.values.count, "--sampler", "one name")
      guard referenceSteps == nil else { throw ValidationError("--reference-steps goes with --compare-samplers") }
    }
    guard samples >= 1 else { throw ValidationError("--samples: expected 1 or more, found \(samples)") }
    guard columns >= 1 else { throw ValidationError("--columns: expected 1 or more, found \(columns)") }
    for picture in [out, sheet].compactMap({ $0 }) where !picture.lowercased().hasSuffix(".png") {
      throw ValidationError("expected a name that ends in .png for a picture, found \"\(picture)\"")
    }
    for argument in replacements where argument.split(separator: "=", maxSplits: 1).count != 2 {
      throw ValidationError("--with: expected ROLE=FILE, found \"\(argument)\"")
    }
  }

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

  func run() throws {
    let (path, selection) = TrialSelection.split(eeg)
    if selection == nil, let ending = [".npy:", ".npz:", ".safetensors:"].first(where: path.contains) {
      let trials = path.split(separator: ending, maxSplits: 1).last ?? ""
      throw ValidationError("--eeg: expected trials such as 3, 0-7,12 or all after the colon, found \"\(trials)\"")
    }
    let others = replacements.compactMap { $0.split(separator: "=", maxSplits: 1).last.map(String.init) }
    try OutputFile.checkDistinct(
      [out, sheet].compactMap { $0 }, inputs: [pipeline, path] + others + [noise].compactMap { $0 })
    let recording = try Recording(contentsOf: path).selecting(selection ?? .all)
    if compareSamplers { return try compare(recording, from: path) }
    let dream = try Dream(pipeline, options: try dreamOptions(for: recording))
    let targets = [out, sheet].compactMap { $0 }
    for target in targets { try OutputFile.checkWritable(target) }
    let bar = ProgressBar(isQuiet: json)
    bar.note("planning")
    let (results, summary) = try dream.run(recording, noise: try startingNoise(recording), samples: samples, seed: seed)
    {
      picture, pictures, done, total in
      bar.update(label: pictures > 1 ? "picture \(picture + 1) of \(pictures)" : "picture", done: done, total: total)
    }
    bar.finish()
    let score = ClassScore(results, recording)
    var files: [String] = []
    if let out {
      for result in results {
        let file = results.count == 1 ? out : OutputFile.numbered(out, trial: result.trial, sample: result.sample)
        let notes = try dream.notes(
          for: result, seed: seed, noise: noise == "recorded" ? path : noise, eeg: path)
        try PNG.write(result.picture, to: file, text: notes)
        files.append(file)
      }
    }
    if let sheet {
      let entries = results.indices.map { index in
        ContactSheet.Entry(
          truth: recording.shown?[index / samples], generated: results[index].picture,
          isWrong: score?.isWrong(index) ?? false)
      }
      try PNG.write(try ContactSheet.draw(entries, columns: columns), to: sheet)
      files.append(sheet)
    }
    try report(files, summary, score, dream)
  }

  func dreamOptions(for recording: Recording) throws -> Dream.Options {
    var result = Dream.Options(backend: try options.load())
    result.sampler = sampler?.values.first
    result.steps = steps?.values.first
    result.eta = eta
    result.guidance = guidance
    result.threads = options.usefulThreads
    result.tuning = options.openedTuning
    result.rewrites = try options.rewrites
    if verbosity.verbose { result.didPlan = { [verbosity] in verbosity.announce($0) } }
    for argument in replacements {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      result.replacing[parts[0]] = parts[1]
    }
    let hasClassifier = try Bundle.list(pipeline).contains { $0.role == "image_classifier" }
    if hasClassifier && recording.labels != nil { result.alsoComputes = [PipelineInterface.classLogitsName] }
    return result
  }

  func startingNoise(_ recording: Recording) throws -> StartingNoise {
    guard let noise else { return .seed(seed) }
    guard noise == "recorded" else { return try StartingNoise(contentsOf: noise) }
    guard let recorded = recording.noise else {
      throw DreamError.mismatch(
        at: recording.source, expected: "an array x_T, the starting noise of each trial", found: "none")
    }
    return .given(recorded, source: recording.source)
  }

  private func report(_ files: [String], _ summary: Dream.Summary, _ score: ClassScore?, _ dream: Dream) throws {
    let placement = summary.placement.map { "\($0.count) nodes on \($0.source)" }.joined(separator: ", ")
    if json {
      var object: [String: Any] = [
        "files": files, "seconds": summary.seconds, "peak_bytes": summary.peakByteCount, "steps": dream.settings.steps,
        "seconds_to_first_step": summary.times.secondsToFirstStep, "seconds_per_step": summary.times.secondsPerStep,
        "seconds_to_decode": summary.times.secondsToDecode, "sampler": dream.settings.sampler.rawValue,
        "guidance": Double(dream.settings.guidance),
        "placement": Dictionary(summary.placement.map { ($0.source, $0.count) }, uniquingKeysWith: +),
      ]
      if let score {
        object["score"] = ["right": score.right, "of": score.total, "predicted": score.predicted] as [String: Any]
      }
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
      return
    }
    if let score { print("classified as the trial's label: \(score.right) of \(score.total)") }
    let name = files.count == 1 ? files[0] : "\(files.count) files, the last \(files.last ?? "")"
    // All times are from the start of the process.
    let seconds = String(format: "%.2f", ProcessAge.seconds), megabytes = summary.peakByteCount / 1_000_000
    print("\(name): \(seconds) s (\(parts(summary.times))), \(megabytes) MB at peak, \(placement)")
  }

  /// "first step after 1.3 s, 2.1 s a step, 5.5 s to decode"
  private func parts(_ times: DreamTimes) -> String {
    func text(_ seconds: Double) -> String {
      String(format: seconds < 0.01 ? "%.4f" : seconds < 0.1 ? "%.3f" : "%.2f", seconds)
    }
    return "first step after \(text(times.secondsToFirstStep)) s, \(text(times.secondsPerStep)) s a step, "
      + "\(text(times.secondsToDecode)) s to decode"
  }
}
