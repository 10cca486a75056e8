import OneiroPicture

/// One trial drawn by several samplers from the same noise, and how far each picture is from the one that many steps of
/// the original system's sampler give.
public struct SamplerComparison: Sendable {
  /// What is drawn: a sampler and its number of steps.
  public struct Setting: Sendable, Hashable {
    public let sampler: SamplerKind
    public let steps: Int
    public init(_ sampler: SamplerKind, steps: Int) {
      self.sampler = sampler
      self.steps = steps
    }
  }

  public struct Entry: Sendable {
    public let setting: Setting
    /// Steps that the sampler took, of plms and ddim now and then more than it was set to.
    public let stepCount: Int
    /// Why; `nil` where it took as many.
    public let stepRemark: String?
    public let picture: Picture
    /// For the picture, from EEG to pixels; loading and planning are not in it.
    public let seconds: Double
    public let distance: PictureDistance
  }

  public let reference: Entry
  /// In the order asked for.
  public let entries: [Entry]
  /// Of all pictures.
  public let guidance: Float

  /// What is compared unless it is said: every sampler at the pipeline's number of steps, at half and at a fifth of it.
  public static func settings(samplers: [SamplerKind], pipelineSteps: Int, schedule: NoiseSchedule) -> [Setting] {
    var counts: [Int] = []
    for count in [pipelineSteps / 5, pipelineSteps / 2, pipelineSteps] where count >= 1 && !counts.contains(count) {
      counts.append(count)
    }
    return samplers.flatMap { sampler in
      // Not every number of steps fits every sampler; what was not asked for is no reason to fail.
      counts.filter { (try? sampler.makeSampler(schedule, steps: $0, count: 0)) != nil }
        .map { Setting(sampler, steps: $0) }
    }
  }

  /// Refuses settings of which no run can be made, before any of them has taken time.
  public static func check(_ settings: [Setting], schedule: NoiseSchedule) throws(DreamError) {
    for setting in settings {
      do throws(DreamError) {
        _ = try setting.sampler.makeSampler(schedule, steps: setting.steps, count: 0)
      } catch {
        throw error.located(in: "\(setting.sampler.rawValue) with \(setting.steps) steps")
      }
    }
  }

  /// Draws all pictures, the reference first.
  /// - path: a pipeline file.
  /// - options: whose sampler and steps are not looked at.
  /// - recording: one trial.
  /// - seed: of the noise that some samplers add after their steps; `nil` takes that of the starting noise, or 0.
  /// - progress: is told of each step: which setting, which of all pictures it is, steps done, steps in all.
  public init(
    _ path: String, options: Dream.Options, recording: Recording, noise: StartingNoise, seed: UInt64? = nil,
    settings: [Setting], referenceSteps: Int = 250,
    progress: (@Sendable (_ setting: Setting, _ index: Int, _ done: Int, _ total: Int) -> Void)? = nil
  ) throws(DreamError) {
    guard recording.count == 1 else {
      throw .mismatch(at: recording.source, expected: "one trial to compare samplers on", found: "\(recording.count)")
    }
    func draw(_ setting: Setting, _ index: Int) throws(DreamError) -> (
      picture: Picture, seconds: Double, settings: DenoiseSettings
    ) {
      var options = options
      options.sampler = setting.sampler
      options.steps = setting.steps
      options.alsoComputes = []
      let dream = try Dream(path, options: options)
      try dream.prepare(for: recording)
      let (results, summary) = try dream.run(recording, noise: noise, seed: seed) { _, _, done, total in
        progress?(setting, index, done, total)
      }
      return (results[0].picture, summary.seconds, dream.settings)
    }
    let standard = Setting(.plms, steps: referenceSteps)
    let first = try draw(standard, 0)
    reference = Entry(
      setting: standard, stepCount: first.settings.stepCount, stepRemark: first.settings.stepRemark,
      picture: first.picture, seconds: first.seconds,
      distance: try PictureDistance(first.picture, first.picture))
    var entries: [Entry] = []
    for setting in settings {
      let drawn = try draw(setting, entries.count + 1)
      entries.append(
        Entry(
          setting: setting, stepCount: drawn.settings.stepCount, stepRemark: drawn.settings.stepRemark,
          picture: drawn.picture, seconds: drawn.seconds,
          distance: try PictureDistance(drawn.picture, first.picture)))
    }
    self.entries = entries
    guidance = first.settings.guidance
  }

  /// All pictures with what there is to say of them: a row for each sampler, the reference and what was shown above.
  public func sheet(shown: Picture?) throws(DreamError) -> Picture {
    var top = [LabelledSheet.Cell(reference.picture, lines: ["reference"] + reference.lines.dropLast())]
    let size = (reference.picture.width, reference.picture.height)
    if let shown, (shown.width, shown.height) == size {
      top.insert(LabelledSheet.Cell(shown, lines: ["shown"]), at: 0)
    }
    var rows: [[LabelledSheet.Cell]] = []
    var last: SamplerKind?
    for entry in entries {
      if entry.setting.sampler != last { rows.append([]) }
      last = entry.setting.sampler
      rows[rows.count - 1].append(LabelledSheet.Cell(entry.picture, lines: entry.lines))
    }
    return try LabelledSheet.draw([top] + rows)
  }
}

extension SamplerComparison.Entry {
  /// What stands below the picture.
  var lines: [String] {
    [
      setting.sampler.rawValue, "\(stepCount) steps, \(Self.decimals(seconds, 2)) s",
      "RMSE \(Self.decimals(distance.rmse, 2)), \(psnrText)",
    ]
  }

  /// "38.2 dB", or "same" for equal pictures.
  public var psnrText: String { distance.rmse == 0 ? "same" : "\(Self.decimals(distance.psnr, 1)) dB" }

  /// A number above 0 with so many decimals.
  private static func decimals(_ value: Double, _ count: Int) -> String {
    let unit = (0..<count).reduce(1) { power, _ in power * 10 }
    guard value.isFinite, value >= 0, value < 1e12 else { return "\(value)" }
    let whole = Int((value * Double(unit)).rounded())
    let fraction = String(whole % unit)
    return "\(whole / unit)." + String(repeating: "0", count: count - fraction.count) + fraction
  }
}

extension SamplerComparison {
  /// What the sheet's file says of how it was made; the labels on it say the rest.
  public func notes(
    _ path: String, options: Dream.Options, seed: UInt64, noise: String?, of recording: Recording
  ) throws(DreamError) -> [PNG.Text] {
    var notes = [PNG.Text("seed", "\(seed)"), PNG.Text("backend", options.backend.text)]
    if guidance != 1 { notes.append(PNG.Text("guidance", "\(guidance)")) }
    if let preparation = recording.preparation { notes.append(PNG.Text("preparation", preparation)) }
    return notes + (try options.sources(pipeline: path, noise: noise, eeg: recording.files))
  }
}
