import Foundation
import OneiroDream
import OneiroPicture

extension DreamCommand {
  /// `--compare-samplers`: one trial, many samplers, one sheet.
  /// - path: the file of the recording.
  func compare(_ recording: Recording, _ options: Dream.Options, from path: String) throws {
    guard let sheet else { return }
    guard recording.count == 1 else {
      throw DreamError.mismatch(
        at: "--compare-samplers", expected: "one trial (--eeg \(path):0)", found: "\(recording.count)")
    }
    var options = options
    // They are chosen anew for each picture.
    options.sampler = nil
    options.steps = nil
    let standard = try Dream(pipeline, options: options).settings
    let settings = try comparedSettings(standard)
    let bar = ProgressBar(isQuiet: json)
    let stepCounts = [referenceSteps ?? 250] + settings.map(\.steps), allSteps = stepCounts.reduce(0, +)
    let comparison = try SamplerComparison(
      pipeline, options: options, recording: recording, noise: try startingNoise(recording), seed: seed,
      settings: settings, referenceSteps: referenceSteps ?? 250
    ) { setting, index, done, total in
      let label = "picture \(index + 1) of \(settings.count + 1), \(setting.sampler.rawValue)"
      // One step of a sampler takes about as long as one of another.
      let before = Double(stepCounts[..<index].reduce(0, +)), part = Double(done) / Double(max(total, 1))
      let share = (before + part * Double(stepCounts[index])) / Double(allSteps)
      bar.update(label: label, done: done, total: total, share: share)
    }
    bar.finish()
    let notes = try comparison.notes(
      pipeline, options: options, seed: seed, noise: noise == "recorded" ? path : noise, of: recording)
    try PNG.write(try comparison.sheet(shown: try recording.shown(0)), to: sheet, text: notes)
    try report(comparison, sheet: sheet)
  }

  /// What to draw: all that was asked for, or what is compared by default.
  private func comparedSettings(_ standard: DenoiseSettings) throws -> [SamplerComparison.Setting] {
    let samplers = sampler?.values ?? SamplerKind.allCases
    let reference = SamplerComparison.Setting(.plms, steps: referenceSteps ?? 250)
    try SamplerComparison.check([reference], schedule: standard.schedule)
    guard let steps else {
      return SamplerComparison.settings(
        samplers: samplers, pipelineSteps: standard.steps, schedule: standard.schedule)
    }
    let settings = samplers.flatMap { sampler in
      steps.values.map { SamplerComparison.Setting(sampler, steps: $0) }
    }
    try SamplerComparison.check(settings, schedule: standard.schedule)
    return settings
  }

  private func report(_ comparison: SamplerComparison, sheet: String) throws {
    if json {
      func row(_ entry: SamplerComparison.Entry) -> [String: Any] {
        var row: [String: Any] = [
          "sampler": entry.setting.sampler.rawValue, "steps": entry.setting.steps,
          "steps_taken": entry.stepCount, "seconds": entry.seconds, "rmse": entry.distance.rmse,
        ]
        // JSON has no infinity.
        if entry.distance.psnr.isFinite { row["psnr"] = entry.distance.psnr }
        return row
      }
      let object: [String: Any] = [
        "sheet": sheet, "reference": row(comparison.reference), "runs": comparison.entries.map(row),
        "guidance": Double(comparison.guidance),
      ]
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
      return
    }
    let width = SamplerKind.allCases.map(\.rawValue.count).max() ?? 0
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func line(_ name: String, _ cells: [String]) -> String {
      name.padding(toLength: width, withPad: " ", startingAt: 0) + cells.map { right($0, 10) }.joined()
    }
    print(line("sampler", ["steps", "seconds", "RMSE", "PSNR"]))
    for entry in [comparison.reference] + comparison.entries {
      print(
        line(
          entry.setting.sampler.rawValue,
          [
            "\(entry.stepCount)", String(format: "%.2f", entry.seconds),
            String(format: "%.2f", entry.distance.rmse),
            entry.psnrText,
          ]))
    }
    let remarks = ([comparison.reference] + comparison.entries).compactMap(\.stepRemark)
    for (index, remark) in remarks.enumerated() where !remarks[..<index].contains(remark) { print(remark) }
    print("RMSE (of levels 0 ... 255) and PSNR to the picture of plms with \(comparison.reference.stepCount) steps")
    print("\(sheet): \(comparison.entries.count + 1) pictures of one trial from the same noise")
  }
}
