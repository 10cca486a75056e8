import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPasses
import OneiroQuantization
import OneiroRuntime

struct QuantizeCommand: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Write a model with weights, or weights and activations, of 4, 8 or 16 bits.",
    discussion: """
      What is written is standard ONNX, which other programs run as well. Schemes:

        w8             weights as int8, a scale for each output channel
        w4             weights as int4, a scale for each block of 32
        f16            weights as float16
        w8a8           w8, and activations as uint8 with ranges from calibration
        w8a8-dynamic   w8, and activations as uint8 with ranges from each run
        auto           layer by layer what a goal asks for: --min-snr, --max-time
                       or --max-memory

        oneiro quantize unet.onnx unet-w8.onnx --scheme w8
        oneiro quantize Models/dreamdiffusion-tiny.onnx small.onnx \\
          --scheme w4 --role unet --keep '*conv_in*'
        oneiro quantize Models/dreamdiffusion-tiny.onnx int8.onnx \\
          --scheme w8a8 --report report.html \\
          --calibration Models/parts/eeg_samples.safetensors:0-7 \\
          --evaluation Models/parts/eeg_samples.safetensors:all
        oneiro quantize Models/dreamdiffusion-tiny.onnx fast.onnx \\
          --role unet --scheme auto --min-snr 30 \\
          --calibration Models/parts/eeg_samples.safetensors:0-3
        oneiro quantize model.onnx int8.onnx --scheme w8a8 \\
          --calibration-input x=a.npy --calibration-input x=b.npy
        oneiro quantize model.onnx even8.onnx --scheme w8a8 --equalize \\
          --calibration-input x=a.npy

      auto measures the noise of each layer and, for --min-snr and --max-time, its time on this machine. A scheme counts as
      faster where that is 3 % at least and more than chance between turns; a layer that no scheme makes faster stays in
      float32. Times are never quite the same, so two runs may choose differently for some layers; --recipe repeats one.

      A report in JSON is a recipe, which --recipe replays without calibration:

        oneiro quantize other.onnx other-int8.onnx --recipe report.json

      --calibration draws pictures of trials with the pipeline as it is, and looks at what its parts are called with: the
      noise predictor at timesteps from all of the sampler's way. The same calls then tell how far the outputs move.
      """.flowing)

  @Argument(help: "An ONNX file, or a pipeline file.") var model: String
  @Argument(help: "The file to write; weights go beside it as they do in the first one.") var output: String
  @OptionGroup var schemes: SchemeOptions
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A part of a pipeline file to quantize; may be repeated. All of them unless given.", valueName: "role"))
  var role: [String] = []
  @OptionGroup var calibration: CalibrationOptions
  @Option(
    help: ArgumentHelp(
      "Trials to draw before and after, to tell how far the pictures move.", valueName: "file[:trials]"))
  var evaluation: String?
  @Option(help: ArgumentHelp("Write all that is known of each layer.", valueName: "json|html")) var report: String?
  @Flag(help: "Print one JSON object at the end.") var json = false
  @OptionGroup var options: BackendOptions

  func validate() throws {
    if schemes.needsCalibration, calibration.isEmpty {
      throw ValidationError("--scheme \(schemes.name) needs --calibration, or --calibration-input for a plain model")
    }
    guard !schemes.equalize || schemes.roundsActivations else {
      throw ValidationError("--equalize goes with --scheme w8a8, w8a8-dynamic or auto: no activation is rounded else")
    }
    if schemes.equalize, calibration.isEmpty {
      throw ValidationError("--equalize needs --calibration, or --calibration-input for a plain model")
    }
    guard calibration.method == nil || schemes.recipe == nil else {
      throw ValidationError("--method does not go with --recipe, which says what the ranges are")
    }
    guard calibration.method == nil || schemes.needsCalibration || schemes.equalize else {
      throw ValidationError("--method goes with --scheme w8a8 or auto, or with --equalize: there are no ranges else")
    }
    if let report { try OutputFile.checkEnding(report, [".json", ".html"], option: "--report") }
  }

  var outputFiles: [String] { [output] + [report].compactMap { $0 } }

  func run() throws {
    let start = ContinuousClock.now
    try OutputFile.checkDistinct(
      outputFiles,
      inputs: [model] + [schemes.recipe].compactMap { $0 }
        + [calibration.calibration, evaluation].compactMap { $0.map { TrialSelection.split($0).path } }
        + calibration.inputFiles)
    let loaded = try ModelReader.load(model), scale = TrialScale(loaded, name: model)
    // Before anything is written.
    let shown = try evaluation.map { argument in
      // One file is warned of once.
      let isKnown = calibration.calibration.map { TrialSelection.split($0).path } == TrialSelection.split(argument).path
      return try Recording.prepared(argument, option: "--evaluation", for: isKnown ? nil : scale)
    }
    for file in outputFiles { try loaded.checkKeepsWeights(writing: file) }
    do { try ModelChecker.check(loaded) } catch { throw error.located(in: model) }
    try checkRole(loaded)
    try checkKeep(schemes.selection, loaded)
    let method = calibration.method ?? .mse
    let job = QuantizationJob(
      plan: try plan(for: loaded), equalizes: schemes.equalize, method: method, planner: try options.planner(),
      timesLayers: report != nil, isQuiet: json)
    let parts =
      PipelineBuilder.parts(of: loaded).isEmpty ? [try plain(loaded, job)] : try pipeline(loaded, scale, job)
    let pictures = try shown.map { try compare($0, job.bar()) }
    let report = QuantizationReport(
      model: model, output: output, scheme: schemes.name,
      method: schemes.scheme?.layerScheme == .w8a8 ? method : nil,
      setting: QuantizationReport.Setting(goal: schemes.goal, backend: options.backend, threads: options.usefulThreads),
      parts: parts, pictures: pictures)
    if let path = self.report { try write(report, to: path) }
    warn(of: parts)
    if json { return print(report.json.text) }
    print(report.text, terminator: "")
    let seconds = String(format: "%.1f", (ContinuousClock.now - start).seconds)
    let share = QuantizationReport.percent(report.byteCountAfter, of: report.byteCountBefore)
    let place = role.isEmpty ? "" : " in \(role.joined(separator: " and "))"
    let kept = report.kept.isEmpty ? "" : ", kept \(report.kept.joined(separator: ", "))"
    print(
      "\(output): \(ByteCount(report.byteCountAfter)) of weights\(place), \(share) % of what it was, \(seconds) s, "
        + "\(ByteCount(ProcessMemory.peakByteCount)) at peak\(kept)")
  }

  private func checkKeep(_ selection: LayerSelection, _ loaded: Model) throws {
    let graphs = try graphs(of: loaded)
    do {
      try selection.checkKeep(graphs.flatMap { QuantizableLayer.all(in: $0.graph) })
    } catch {
      throw error.located(in: model)
    }
  }

  /// What is to be quantized: the parts of a pipeline that are asked for, or a plain model, whose role is empty.
  private func graphs(of loaded: Model) throws -> [(role: String, graph: Graph)] {
    let parts = PipelineBuilder.parts(of: loaded)
    if parts.isEmpty { return [("", try InlineFunctions.apply(to: loaded).graph)] }
    return parts.filter { role.isEmpty || role.contains($0.role) }.map { ($0.role, $0.body) }
  }

  private func checkRole(_ loaded: Model) throws {
    let parts = PipelineBuilder.parts(of: loaded)
    for role in role where !parts.isEmpty && !parts.contains(where: { $0.role == role }) {
      throw DreamError.mismatch(
        at: "\(model): role", expected: parts.map(\.role).joined(separator: ", "), found: "\"\(role)\"")
    }
  }

  private func plan(for loaded: Model) throws -> QuantizationJob.Plan {
    let plan = try schemes.plan()
    guard case .recipe(let recipe, let file) = plan else { return plan }
    let roles = PipelineBuilder.parts(of: loaded).map(\.role), graphs = try graphs(of: loaded)
    do throws(GraphError) {
      let fitted = try recipe.fitted(to: graphs)
      try fitted.checkParts(roles.isEmpty ? [""] : roles, asked: role)
      return .recipe(fitted, path: file)
    } catch { throw error.located(in: file) }
  }

  private func plain(_ loaded: Model, _ job: QuantizationJob) throws -> PartReport {
    guard calibration.calibration == nil, evaluation == nil, role.isEmpty else {
      throw GraphError.mismatch(
        file: model, nil, expected: "a pipeline file for --calibration, --evaluation and --role",
        found: "a plain model (--calibration-input gives it values)")
    }
    let flat = try InlineFunctions.apply(to: loaded)
    let given = try calibration.calls(of: flat.graph, model: model)
    let calls =
      given.isEmpty
      ? nil
      : try Calibration(
        given.map(\.inputs), source: model, sources: given.map { $0.files.joined(separator: " and ") })
    for name in calls?.silentInputs ?? [] {
      Log.shared.warning("--calibration-input \(name): zeros alone, so ranges are those of no signal")
    }
    try job.checkGoal(of: flat, role: "", path: model)
    let prepared = try job.prepare(flat, role: "", path: model, calls)
    var written: QuantizedGraph?
    try ModelQuantizer.write(flat, from: model, to: output) { (graph, stream) throws(GraphError) in
      let result = try prepared.write(to: stream, job)
      written = result
      return result
    }
    guard let written else { preconditionFailure("a model was written without its graph") }
    return try job.report(on: prepared, written)
  }

  private func pipeline(_ loaded: Model, _ scale: TrialScale?, _ job: QuantizationJob) throws -> [PartReport] {
    guard calibration.calibrationInput.isEmpty else {
      throw GraphError.mismatch(
        file: model, nil, expected: "a plain model for --calibration-input", found: "a pipeline file (--calibration)")
    }
    let parts = PipelineBuilder.parts(of: loaded)
    let chosen = role.isEmpty ? parts.map(\.role) : role
    for role in chosen {
      try job.checkGoal(of: try PipelineBuilder.extract(role, from: loaded, name: model), role: role, path: model)
    }
    let calls = try calibration.partCalls(
      model, scale: scale, options: try dreamOptions(), ProgressBar(isQuiet: json))
    var prepared: [String: PreparedPart] = [:]
    for role in parts.map(\.role) where chosen.contains(role) {
      // Parts that drawing a picture does not run have no calls.
      let own = calls?.byRole[role] ?? []
      let calls =
        try own.isEmpty
        ? nil
        : Calibration(
          own, source: "\(model): calls of \(role)",
          sources: own.indices.map { "call \($0) of \(calibration.calibration ?? "")" })
      let part = try PipelineBuilder.extract(role, from: loaded, name: model)
      prepared[role] = try job.prepare(part, role: role, path: model, calls)
    }
    var written: [String: QuantizedGraph] = [:]
    try Bundle.change(model, to: output) { (role, body, stream) throws(GraphError) in
      let part = prepared[role] ?? PreparedPart(untouched: Model(graph: body), role: role, path: model)
      let result = try part.write(to: stream, job)
      written[role] = result
      return (result.graph, result.weights)
    }
    return try parts.compactMap { part in
      guard let prepared = prepared[part.role], let written = written[part.role] else { return nil }
      return try job.report(on: prepared, written)
    }
  }

  private func dreamOptions() throws -> Dream.Options {
    var result = Dream.Options(backend: try options.load())
    result.threads = options.usefulThreads
    result.tuning = options.openedTuning
    result.rewrites = try options.rewrites
    return result
  }

  private func compare(_ recording: Recording, _ bar: ProgressBar) throws -> QuantizationReport.Pictures {
    defer { bar.finish() }
    let result = try PipelineComparison(
      model, output, recording: recording, options: try dreamOptions()
    ) { done, total in bar.update(label: "pictures", done: done, total: total) }
    return QuantizationReport.Pictures(
      count: result.pictureCount, psnr: result.psnr, ssim: result.ssim,
      right: result.right.map { (before: $0.first, after: $0.second) })
  }

  /// Says on standard error what numbers were too small or too large for, as that is seldom meant.
  private func warn(of parts: [PartReport]) {
    let most = 10
    let places = parts.flatMap { part in
      part.layers.map(\.result).filter(\.isOutOfRange).map { layer in
        "\(part.role.isEmpty ? model : "\(model): \(part.role)"): node \"\(layer.name)\" (\(layer.op)) is "
          + "\(layer.scheme.rawValue): \(layer.reason ?? "")"
      }
    }
    for place in places.prefix(most) { Log.shared.warning("\(place)") }
    if places.count > most {
      let others = counted(places.count - most, "more such layer")
      Log.shared.warning("\(model): \(others), \(report.map { "see \($0)" } ?? "which --report FILE tells of")")
    }
    for part in parts {
      let place = part.role.isEmpty ? model : "\(model): \(part.role)"
      let silence = "so that calls with \(calibration.text) do not tell what rounding does"
      if part.isUnmoved {
        Log.shared.warning("\(place): rounded weights leave the outputs as they were to the last bit, \(silence)")
      }
      guard let noise = part.outputNoise, !(noise.decibels >= Self.leastDecibels) else { continue }
      guard noise.signal.isFinite else {
        Log.shared.warning("\(place): outputs are infinite or NaN before anything is rounded, \(silence)")
        continue
      }
      let ratio =
        noise.decibels.isFinite
        ? "\(QuantizationReport.decibels(noise.decibels)) dB" : noise.decibels.isNaN ? "no number" : "minus infinity"
      Log.shared.warning("\(place): little is left of the outputs: their signal-to-noise ratio is \(ratio)")
    }
  }

  /// Noise half as large as the signal: no use is made of such outputs.
  private static let leastDecibels = 6.0

  private func write(_ report: QuantizationReport, to path: String) throws {
    let text = path.lowercased().hasSuffix(".json") ? report.json.text + "\n" : report.html
    try AtomicFile.write(Array(text.utf8), to: path)
  }
}
