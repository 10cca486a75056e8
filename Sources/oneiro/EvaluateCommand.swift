import ArgumentParser
import Foundation
import OneiroDream
import OneiroEvaluation
import OneiroGraph
import OneiroModel
import OneiroPicture
import OneiroRuntime

struct EvaluateCommand: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Score pictures drawn from EEG, and tell whether they come from the EEG at all.",
    discussion: """
      Every trial is drawn from the EEG, from the EEG with its samples in random order, and from noise of the same spectrum,
      always from the same starting noise. The pictures are held against what was shown; beside them stand pictures held
      against those of another trial, and two simple decoders: the nearest label mean, and linear regression. The verdict is
      by the first measure: does the EEG do better than each of them, by the 95 % interval of the difference?

        oneiro evaluate Models/dreamdiffusion-tiny.onnx \\
          --eeg Models/parts/eeg_samples.safetensors
        oneiro evaluate PIPELINE.onnx --eeg test.npz --train train.npz \\
          --samples 5 --report report.html
        oneiro evaluate PIPELINE.onnx --json \\
          --eeg trials.npz:30-39 --train trials.npz:0-29
        oneiro evaluate PIPELINE.onnx --eeg test.npz --feed time_shuffled
          (the verdict has to be no)
        oneiro evaluate PIPELINE.onnx --eeg test.bdf --train train.bdf --event all
        oneiro evaluate --pictures drawn/ --truths shown/ \\
          --with image_classifier=vit.onnx

      The recording needs the pictures that were shown (array image), or labels that are classes of the classifier. Arrays
      stimulus, block, session and subject, integers [trials], are looked at for leaks between --eeg and --train. Without
      --train the simple decoders learn from the scored trials themselves, each time without those of the same stimulus.

      Classes are judged by the pipeline's image_classifier, CLIP by its clip_image_encoder; --with names others, and lpips
      (two pictures in, a distance out) and fid (a picture in, features out). Such graphs take float[N,3,H,W] in -1 ... 1.
      --pictures scores PNG files NAME.png, or NAME-0.png, NAME-1.png, ..., against NAME.png of --truths.
      """.flowing)

  @Argument(help: "A pipeline file; not needed with --pictures.") var pipeline: String?
  @Option(help: ArgumentHelp("The recording, and which of its trials.", valueName: "file[:trials]")) var eeg: String?
  @Option(
    help: ArgumentHelp("Trials that training saw, for baselines and to look for leaks.", valueName: "file[:trials]"))
  var train: String?
  @Option(help: ArgumentHelp("Score the pictures of this folder instead.", valueName: "folder")) var pictures: String?
  @Option(help: ArgumentHelp("The folder of what was shown, for --pictures.", valueName: "folder")) var truths: String?
  @Option(help: ArgumentHelp("Pictures to draw of each trial; scores are averaged.", valueName: "n")) var samples = 1
  @Option(help: ArgumentHelp("N of N-way measures; fewer where there are fewer classes or trials.", valueName: "n"))
  var ways = 50
  @Option(help: ArgumentHelp("K of top-K measures; the verdict is by the first.", valueName: "k,...")) var top =
    CommaList(values: [1, 5])
  @Option(help: ArgumentHelp("How often other classes are drawn for one picture.", valueName: "n")) var draws = 50
  @Option(help: ArgumentHelp("True pictures that a picture is held against at most.", valueName: "n")) var gallery = 200
  @Option(help: ArgumentHelp("Trials that baselines learn from at most.", valueName: "n")) var trainingTrials = 500
  @Option(help: ArgumentHelp("Replicates of the bootstrap.", valueName: "n")) var replicates = 2000
  @Option(
    help: ArgumentHelp(
      "What to score beside the EEG, or none: \(Condition.controls.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name,..."))
  var controls: CommaList<String>?
  @Option(
    help: ArgumentHelp(
      "A test of the test: time_shuffled or matched_noise instead of the EEG. The verdict has to be no.",
      valueName: "name"))
  var feed = Condition.eeg
  @Option(help: ArgumentHelp("Steps of the sampler; the default is the pipeline's.", valueName: "n")) var steps: Int?
  @Option(help: ArgumentHelp("\(SamplerKind.names); the default is the pipeline's.", valueName: "name"))
  var sampler: SamplerKind?
  @Option(help: ArgumentHelp("How far to push away from what the model says without the EEG.", valueName: "x"))
  var guidance: Double?
  @Option(help: ArgumentHelp("Seed of noise, controls, draws and bootstrap.", valueName: "n")) var seed: UInt64 = 2022
  @Option(
    help: ArgumentHelp(
      "Starting noise from a file, or \"recorded\": that of the trials' own file.", valueName: "file"))
  var noise: String?
  @Option(
    name: .customLong("with"),
    help: ArgumentHelp("Another graph for a part of the pipeline, or for lpips and fid.", valueName: "role=file"))
  var replacements: [String] = []
  @Option(help: ArgumentHelp("Write a page with pictures and plots.", valueName: "html")) var report: String?
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup(title: "Preparation") var preparation: PreparationOptions
  @OptionGroup var options: BackendOptions

  func validate() throws {
    if pictures != nil || truths != nil {
      guard pictures != nil, truths != nil else { throw ValidationError("--pictures and --truths go together") }
      guard eeg == nil, train == nil else { throw ValidationError("--pictures does not go with --eeg and --train") }
    } else {
      guard pipeline != nil, eeg != nil else {
        throw ValidationError("expected a pipeline and --eeg, or --pictures and --truths")
      }
    }
    for (name, value) in [
      ("samples", samples), ("draws", draws), ("replicates", replicates), ("training-trials", trainingTrials),
    ] where value < 1 {
      throw ValidationError("--\(name): expected 1 or more, found \(value)")
    }
    guard replicates <= 100_000 else {
      throw ValidationError("--replicates: expected 100000 or fewer, found \(replicates)")
    }
    guard draws <= 1_000_000 else { throw ValidationError("--draws: expected 1000000 or fewer, found \(draws)") }
    guard trainingTrials <= 5000 else {
      throw ValidationError("--training-trials: expected 5000 or fewer, found \(trainingTrials)")
    }
    guard ways >= 2 else { throw ValidationError("--ways: expected 2 or more, found \(ways)") }
    guard gallery >= 2 else { throw ValidationError("--gallery: expected 2 or more, found \(gallery)") }
    if let wrong = top.values.first(where: { $0 < 1 || $0 >= ways }) {
      throw ValidationError("--top: expected 1 ... \(ways - 1) because of --ways \(ways), found \(wrong)")
    }
    guard [.eeg, .timeShuffled, .matchedNoise].contains(feed) else {
      throw ValidationError("--feed: expected eeg, time_shuffled or matched_noise, found \"\(feed.rawValue)\"")
    }
    _ = try chosenControls()
    if let report { try OutputFile.checkEnding(report, [".html"], option: "--report") }
    if let steps, steps < 1 { throw ValidationError("--steps: expected 1 or more, found \(steps)") }
    _ = try files()
  }

  var outputFiles: [String] { report.map { [$0] } ?? [] }

  func run() throws {
    let inputs = [pipeline, eeg.map { TrialSelection.split($0).path }].compactMap { $0 }
    try OutputFile.checkDistinct([report].compactMap { $0 }, inputs: inputs)
    let bar = ProgressBar(isQuiet: json, counting: "picture")
    let start = ContinuousClock.now
    let (result, details) = try pictures == nil ? evaluatePipeline(bar) : evaluatePictures(bar)
    bar.finish()
    let seconds = String(format: "%.1f", (ContinuousClock.now - start).seconds)
    let memory = "\(ByteCount(ProcessMemory.peakByteCount))"
    let facts =
      details + [
        ("seed", "\(seed)"), ("backend", options.backend), ("bootstrap", "\(replicates) replicates"),
        ("seconds", seconds), ("memory at peak", memory),
      ]
    if let report {
      let name = (eeg ?? pictures ?? "").split(separator: "/").last.map(String.init) ?? ""
      let page = try HTMLReport(result, title: "Evaluation of \(name)", facts: facts).text()
      try AtomicFile.write(Array(page.utf8), to: report)
    }
    if json {
      print(EvaluationDocument.json(result, facts: facts.map { ($0.0, .string($0.1)) }).text)
      return
    }
    for line in EvaluationTable.lines(result) { print(line) }
    print("")
    print(result.verdict.text)
    if let split = result.split { print(split.text) }
    for remark in result.remarks { print(remark) }
    let trials = counted(result.book.trialCount, "trial")
    print("\(report.map { "\($0): " } ?? "")\(trials), \(seconds) s, \(memory) at peak")
  }

  private func chosenControls() throws -> [Condition] {
    guard let controls else { return Condition.controls }
    if controls.values == ["none"] { return [] }
    let found = try controls.values.map { name -> Condition in
      guard let control = Condition(rawValue: name), Condition.controls.contains(control) else {
        let known = Condition.controls.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--controls: expected none or some of \(known), found \"\(name)\"")
      }
      return control
    }
    // In their own order, each once.
    return Condition.controls.filter(found.contains)
  }

  private func settings() throws -> EvaluationSettings {
    var settings = EvaluationSettings()
    settings.ways = ways
    settings.topK = top.values
    settings.draws = draws
    settings.samples = samples
    settings.gallerySize = gallery
    settings.mostTrainingTrials = trainingTrials
    settings.replicates = replicates
    settings.seed = seed
    settings.controls = try chosenControls()
    settings.fed = feed
    return settings
  }

  /// The files of `--with`: those that judge pictures, and those that draw them.
  private func files() throws -> (judging: [String: String], drawing: [String: String]) {
    let files = try PartReplacements.files(replacements, others: Judges.extraRoles)
    return (
      files.filter { Judges.roles.contains($0.key) }, files.filter { !Judges.roles.contains($0.key) }
    )
  }

  private func dreamOptions() throws -> Dream.Options {
    var result = Dream.Options(backend: try options.load())
    result.sampler = sampler
    result.steps = steps
    result.guidance = guidance
    result.threads = options.usefulThreads
    result.tuning = options.openedTuning
    result.rewrites = try options.rewrites
    result.replacing = try files().drawing
    return result
  }

  private typealias Outcome = (result: EvaluationResult, details: [(String, String)])

  private func evaluatePipeline(_ bar: ProgressBar) throws -> Outcome {
    guard let pipeline, let eeg else { throw ValidationError("expected a pipeline and --eeg") }
    var dreamOptions = try dreamOptions()
    let opener = try RecordingOpener(pipeline, replacing: dreamOptions.replacing, planner: dreamOptions.planner)
    let recording = try preparation.open(eeg, option: "--eeg", with: opener, isQuiet: json)
    let training = try train.map { try preparation.open($0, option: "--train", with: opener, isQuiet: json) }
    let judges = try Judges(pipeline: pipeline, files: try files().judging, options: dreamOptions)
    // Without an image encoder there is nothing that an embedding of EEG could be held against.
    if judges.clip != nil, try Bundle.list(pipeline).contains(where: { $0.role == "clip_projector" }) {
      dreamOptions.alsoComputes = [PipelineInterface.embeddingName]
    }
    let dream = try Dream(pipeline, options: dreamOptions)
    let evaluation = try PipelineEvaluation(
      dream, recording: recording, training: training, judges: judges, noise: try startingNoise(recording),
      settings: try settings())
    let stepsText = dream.settings.stepRemark ?? "\(dream.settings.steps) steps"
    let result = try evaluation.run { done, total in bar.update(label: "drawing", done: done, total: total) }
    options.checkStopAfter(dream.patchCount)
    return (
      result,
      [
        ("pipeline", pipeline), ("recording", eeg), ("training", train ?? "not named"),
        ("sampler", "\(dream.settings.sampler.rawValue), \(stepsText)"),
        ("pictures a trial", "\(samples)"), ("model SHA-256", try SHA256.hex(ofFile: pipeline)),
        ("recording SHA-256", try RecordingHash.hex(of: recording.files)),
        ("preparation", recording.preparation ?? "taken as they are"),
      ]
    )
  }

  private func startingNoise(_ recording: Recording) throws -> StartingNoise {
    try StartingNoise.named(noise, seed: seed, of: recording)
  }

  private func evaluatePictures(_ bar: ProgressBar) throws -> Outcome {
    guard let pictures, let truths else { throw ValidationError("--pictures and --truths go together") }
    func names(_ folder: String) throws -> [String] {
      let names: [String]
      do {
        names = try FileManager.default.contentsOfDirectory(atPath: folder)
      } catch {
        throw DreamError.file(folder, reason: "cannot be read as a folder")
      }
      // A folder that dream has written holds more than trials.
      let others: Set = [DreamCommand.sheetName, DreamCommand.previewName]
      let found = names.filter { $0.lowercased().hasSuffix(".png") && !$0.hasPrefix(".") && !others.contains($0) }
      guard !found.isEmpty else { throw DreamError.mismatch(at: folder, expected: "PNG files", found: "none") }
      return found
    }
    let pairs = try PictureEvaluation.pairs(
      truths: try names(truths), in: truths, pictures: try names(pictures), in: pictures)
    let judges = try Judges(pipeline: pipeline, files: try files().judging, options: try dreamOptions())
    var evaluation = try PictureEvaluation(pairs, judges: judges, settings: try settings())
    let result = try evaluation.run { done, total in bar.update(label: "scoring", done: done, total: total) }
    return (result, [("pictures", pictures), ("shown", truths), ("judges", pipeline ?? "none of a pipeline")])
  }
}

extension Condition: ExpressibleByArgument {}
