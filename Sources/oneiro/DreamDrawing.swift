import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPicture
import OneiroRuntime
import Synchronization

/// What came of the pictures of one run.
struct DrawnPictures {
  var files: [String] = []
  /// How many were there already.
  var kept = 0
  /// What goes on the sheet.
  var cells: [ContactSheet.Entry] = []
  /// The classes that the pipeline's classifier puts pictures in, and those of their trials.
  var predicted: [Int] = []
  var labels: [Int] = []

  var right: Int { zip(predicted, labels).count { $0 == $1 } }
}

extension DreamCommand {
  /// What lies beside the pictures in a folder.
  static let sheetName = "sheet.png", previewName = "preview.png"
  /// A sheet that nobody asked for shows so many pictures at most.
  private static let mostOnSheet = 200

  /// Draws every trial and writes each picture as it is done.
  /// - model: the pipeline's.
  /// - path: the file of the recording.
  func draw(
    _ recording: Recording, with model: consuming Model, _ options: Dream.Options, from path: String
  ) throws {
    let noiseFile = noise == "recorded" ? path : noise
    // Recordings are large, and nobody asks for their hashes before the first picture, or a folder, is to be written.
    let sources = Meanwhile { [pipeline, files = recording.files] in
      try options.sources(pipeline: pipeline, noise: noiseFile, eeg: files)
    }
    // A bound counts what the process has by the time that it plans.
    if options.maxMemory != nil { _ = try sources.value() }
    let dream = try Dream(pipeline, model: consume model, options: options)
    try recording.check(fits: dream.interface.eeg, named: PipelineInterface.eegName)
    func notes() throws -> [PNG.Text] {
      dream.notes(
        seed: seed, noise: noiseFile, preparation: recording.preparation, sources: try sources.value())
    }
    let start = try startingNoise(recording)
    // Before the folder is made: nothing is left of a run that cannot end well.
    try recording.checkFinite()
    recording.setAside()
    if options.maxMemory != nil { try dream.prepare(for: recording) }
    let folder = isFolder ? out.map(OutputFile.withoutSlash) : nil
    var manifest: PictureManifest?
    if let folder {
      let settings = manifestSettings(try notes(), recording)
      try OutputFile.makeFolder(folder)
      manifest = try PictureManifest(inFolder: folder, settings: settings)
    }
    let bar = ProgressBar(isQuiet: json)
    bar.note("planning")

    let sheetFile = sheet ?? folder.map { "\($0)/\(Self.sheetName)" }
    let onSheet = sheetFile == nil ? 0 : sheet != nil ? Int.max : Self.mostOnSheet
    let complete = (0..<recording.count).map { trial in
      (0..<samples).map { sample in
        manifest?.complete(trial: recording.trialNumbers[trial], sample: sample, inFolder: folder ?? "")
      }
    }
    var drawn = DrawnPictures()
    let missing = complete.joined().count { $0 == nil }
    let progress = DrawingProgress(bar, pictures: recording.count * samples, missing: missing)
    let looks = preview.map { PreviewWriter(dream, every: $0, file: previewFile(folder)) }
    var next = 0
    // Pictures that are there already take their place among those that are drawn.
    func keepComplete(before index: Int) throws {
      while next < index, let entry = complete[next / samples][next % samples] {
        let file = "\(folder ?? "")/\(entry.file)"
        let picture = drawn.cells.count < onSheet ? try PNG.read(file) : nil
        try note(picture, file: file, trial: next / samples, predicted: entry.predicted, recording, onSheet, &drawn)
        drawn.kept += 1
        next += 1
      }
    }
    var seconds = ContinuousClock.now
    let summary = try dream.draw(
      recording, noise: start, samples: samples, seed: seed,
      isWanted: { complete[$0][$1] == nil }, preview: looks?.request,
      progress: { picture, _, done, total in progress.update(picture, done, total) },
      each: { (result) throws(DreamError) in
        let trial = recording.place(of: result.trial, after: next / samples)
        do {
          try keepComplete(before: trial * samples + result.sample)
          let predicted = result.predictedClass
          if let latent = result.outputs[PipelineInterface.latentName] {
            looks?.learn(latent.doubles().map(Float.init), result.picture)
          }
          var file = ""
          if let folder {
            let name = "\(result.trial)-\(result.sample).png"
            file = "\(folder)/\(name)"
            let bytes = try PNG.encode(result.picture, text: dream.notes(for: result, run: try notes()))
            try AtomicFile.write(bytes, to: file)
            try manifest?.append(
              .init(
                file: name, trial: result.trial, sample: result.sample, sha256: SHA256.hex(ofBytes: bytes),
                label: recording.labels.map { Int($0[trial]) }, predicted: predicted,
                seconds: (ContinuousClock.now - seconds).seconds, settings: manifestSettings(try notes(), recording)))
          } else if let out {
            file =
              recording.count * samples == 1
              ? out : OutputFile.numbered(out, trial: result.trial, sample: result.sample)
            try PNG.write(result.picture, to: file, text: dream.notes(for: result, run: try notes()))
          }
          try note(result.picture, file: file, trial: trial, predicted: predicted, recording, onSheet, &drawn)
          next = trial * samples + result.sample + 1
          seconds = ContinuousClock.now
        } catch let error as DreamError {
          throw error
        } catch let error as GraphError {
          throw DreamError.graph(error)
        } catch {
          throw DreamError.file(out ?? "", reason: "\(error)")
        }
      })
    try keepComplete(before: recording.count * samples)
    bar.finish()
    if missing > 0 { self.options.checkStopAfter(dream.patchCount) }
    if let sheetFile, !drawn.cells.isEmpty {
      try PNG.write(try contactSheet(drawn.cells), to: sheetFile)
      drawn.files.append(sheetFile)
    }
    try report(drawn, summary, dream, recording)
  }

  /// Takes in one picture, drawn or there before.
  private func note(
    _ picture: Picture?, file: String, trial: Int, predicted: Int?, _ recording: Recording, _ onSheet: Int,
    _ drawn: inout DrawnPictures
  ) throws {
    if !file.isEmpty { drawn.files.append(file) }
    let label = recording.labels.map { Int($0[trial]) }
    if let predicted, let label {
      drawn.predicted.append(predicted)
      drawn.labels.append(label)
    }
    guard let picture, drawn.cells.count < onSheet else { return }
    let truth = try recording.shown(trial).map {
      $0.resized(width: picture.width, height: picture.height, antialias: true)
    }
    drawn.cells.append(
      ContactSheet.Entry(truth: truth, generated: picture, isWrong: predicted != nil && predicted != label))
  }

  /// One picture a trial below what was shown; several in a row behind it.
  private func contactSheet(_ cells: [ContactSheet.Entry]) throws -> Picture {
    guard samples > 1 else { return try ContactSheet.draw(cells, columns: columns) }
    let rows = stride(from: 0, to: cells.count, by: samples).map { Array(cells[$0..<min($0 + samples, cells.count)]) }
    return try ContactSheet.draw(rows: rows)
  }

  /// What a picture in a folder hangs on. Its noise hangs on its place among all of the run.
  private func manifestSettings(_ run: [PNG.Text], _ recording: Recording) -> [String: String] {
    var settings = Dictionary(run.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    settings["trials"] = TrialSelection.text(recording.trialNumbers)
    settings["samples"] = "\(samples)"
    return settings
  }

  private func previewFile(_ folder: String?) -> String {
    if let folder { return "\(folder)/\(Self.previewName)" }
    let file = out ?? "preview.png"
    return "\(file.dropLast(4))-preview.png"
  }

  private func report(
    _ drawn: DrawnPictures, _ summary: Dream.Summary, _ dream: Dream, _ recording: Recording
  ) throws {
    let placement = summary.placement.map { "\(counted($0.count, "node")) on \($0.source)" }.joined(separator: ", ")
    let files = drawn.files
    if json {
      var object: [String: Any] = [
        "files": files, "seconds": summary.seconds, "peak_bytes": summary.peakByteCount, "steps": dream.settings.steps,
        "steps_taken": dream.settings.stepCount,
        "seconds_to_first_step": summary.times.secondsToFirstStep, "seconds_per_step": summary.times.secondsPerStep,
        "seconds_to_decode": summary.times.secondsToDecode, "sampler": dream.settings.sampler.rawValue,
        "guidance": Double(dream.settings.guidance), "kept": drawn.kept,
        "placement": Dictionary(summary.placement.map { ($0.source, $0.count) }, uniquingKeysWith: +),
      ]
      if let preparation = recording.preparation { object["preparation"] = preparation }
      if !drawn.labels.isEmpty {
        object["score"] =
          ["right": drawn.right, "of": drawn.labels.count, "predicted": drawn.predicted] as [String: Any]
      }
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
      return
    }
    if !drawn.labels.isEmpty { print("classified as the trial's label: \(drawn.right) of \(drawn.labels.count)") }
    let name = files.count == 1 ? files[0] : "\(files.count) files, the last \(files.last ?? "")"
    guard !placement.isEmpty else {
      print("\(name): all \(drawn.kept) pictures were there already")
      return
    }
    if let remark = dream.settings.stepRemark { print(remark) }
    // All times are from the start of the process.
    let seconds = String(format: "%.2f", ProcessAge.seconds), peak = ByteCount(summary.peakByteCount)
    let there = counted(drawn.kept, "picture was", plural: "pictures were")
    let kept = drawn.kept > 0 ? ", \(there) there already" : ""
    print("\(name): \(seconds) s (\(parts(summary.times))), \(peak) at peak, \(placement)\(kept)")
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

/// Tells the bar how far all pictures are, those that have to be drawn.
private final class DrawingProgress: Sendable {
  private let bar: ProgressBar
  private let pictures: Int
  private let missing: Int
  /// The picture at work, and how many were drawn before it.
  private let state = Mutex<(picture: Int, drawn: Int)>((-1, -1))

  init(_ bar: ProgressBar, pictures: Int, missing: Int) {
    self.bar = bar
    self.pictures = pictures
    self.missing = missing
  }

  func update(_ picture: Int, _ done: Int, _ total: Int) {
    let drawn = state.withLock { state in
      if state.picture != picture { state = (picture, state.drawn + 1) }
      return state.drawn
    }
    let share = (Double(drawn) + Double(done) / Double(max(total, 1))) / Double(max(missing, 1))
    bar.update(
      label: pictures > 1 ? "picture \(picture + 1) of \(pictures)" : "picture", done: done, total: total, share: share)
  }
}

/// Writes previews over each other.
private final class PreviewWriter: Sendable {
  private let preview: LatentPreview
  let request: Preview

  init(_ dream: Dream, every: Int, file: String) {
    let preview = LatentPreview(dream)
    let size = dream.interface.pictureSize
    self.preview = preview
    request = Preview(every: every) { _, _, estimate in
      do {
        let small = try preview.picture(Array(estimate))
        let picture = size.map { small.resized(width: $0.width, height: $0.height) } ?? small.enlarged(by: 8)
        try PNG.write(picture, to: file)
      } catch {
        // The picture itself is what counts.
        Log.shared.warning("no preview: \(error)")
      }
    }
  }

  func learn(_ latent: [Float], _ picture: Picture) { preview.learn(latent, picture) }
}

extension Dream.Result {
  /// The class of the largest logit, where the pipeline has a classifier that was asked.
  fileprivate var predictedClass: Int? {
    guard let logits = outputs[PipelineInterface.classLogitsName]?.doubles() else { return nil }
    return logits.indices.max { logits[$0] < logits[$1] }
  }
}

extension Recording {
  /// The place of a trial by its number in the file, from a place on.
  fileprivate func place(of number: Int, after first: Int) -> Int {
    trialNumbers[first...].firstIndex(of: number) ?? trialNumbers.firstIndex(of: number) ?? 0
  }
}
