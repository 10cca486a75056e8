import OneiroEEG
import OneiroGraph

/// Trials that were cut out of a recording, and what was done.
public struct PreparedRecording: Sendable {
  public private(set) var recording: Recording
  /// What somebody should know.
  public internal(set) var warnings: [String]
  /// Which channels stand for which electrodes, as text.
  public let mapLines: [String]
  /// What the trials hang on beside the recording's files, in one line.
  public let summary: String

  /// Trials that need nothing done.
  init(asItIs recording: Recording) {
    self.recording = recording
    (warnings, mapLines, summary) = ([], [], "taken as they are")
  }

  init(
    _ windows: TrialWindows, _ timeline: EEGTimeline, trials: Tensor, _ settings: PreparationSettings,
    _ request: PreparationRequest
  ) throws(DreamError) {
    let moments = windows.moments
    summary = Self.summary(settings, request, windows.map)
    let shown = try Self.shown(moments, windows.recording, request.truths)
    recording = Recording(
      source: windows.recording.source, files: windows.recording.files, preparation: summary, trials: trials,
      trialNumbers: moments.map(\.number),
      TrialCompanions(
        labels: Self.labels(moments, settings.classes), shown: shown.pictures, origins: Self.origins(moments)))
    warnings = windows.recording.warnings + timeline.warnings + windows.warnings + shown.warnings
    mapLines = Self.lines(windows.map, settings.montage, windows.recording)
  }

  /// Takes what stands beside the trials in their file.
  mutating func addCompanions(_ arrays: [String: Tensor]) throws(DreamError) {
    let name: String
    do throws(GraphError) {
      name = try TrialArrayName.find(in: arrays, source: recording.source)
    } catch {
      throw .graph(error)
    }
    let count = arrays[name].map { $0.rank == 3 ? $0.dims[0] : 1 } ?? 0
    let companions = try TrialCompanions(arrays, count: count, source: recording.source)
    recording = Recording(
      source: recording.source, files: recording.files, preparation: recording.preparation, trials: recording.trials,
      trialNumbers: recording.trialNumbers, companions.rows(recording.trialNumbers))
  }

  /// The class of each trial: by the names of classes, or the number that a set of trials has for it.
  private static func labels(_ moments: [TrialMoment], _ classes: [String]) -> [Int64]? {
    let numbers = Dictionary(classes.enumerated().map { ($1.lowercased(), Int64($0)) }) { first, _ in first }
    let labels = moments.map { moment in
      moment.details["label"].flatMap(Int64.init) ?? numbers[moment.label.lowercased()]
        ?? (moment.duration == nil ? nil : Int64(moment.label))
    }
    return labels.contains(nil) ? nil : labels.compactMap(\.self)
  }

  /// What was shown, by the names that events have for it. In BIDS it is in the data set's folder `stimuli`, where not
  /// all that events name has to be.
  private static func shown(
    _ moments: [TrialMoment], _ recording: EEGRecording, _ folder: String?
  ) throws(DreamError) -> (pictures: ShownPictures?, warnings: [String]) {
    let names = moments.map { moment in
      [moment.details["stim_file"], moment.details["image"], moment.label].compactMap(\.self).filter { !$0.isEmpty }
    }
    let numbers = moments.map(\.number)
    if let folder {
      return (try ShownPictures(named: names, numbers: numbers, in: folder, source: recording.source), [])
    }
    guard let stimuli = BIDSDataset.stimuli(of: recording.source) else { return (nil, []) }
    do throws(DreamError) {
      return (try ShownPictures(named: names, numbers: numbers, in: stimuli, source: recording.source), [])
    } catch {
      return (nil, ["pictures are not compared with what was shown: \(error)"])
    }
  }

  private static func origins(_ moments: [TrialMoment]) -> TrialOrigins {
    var numbers: [String: [Int64]] = [:]
    for (kind, names) in [
      ("stimulus", ["stimulus", "image", "stim_file"]), ("block", ["block", "run"]), ("session", ["session"]),
      ("subject", ["subject"]),
    ] {
      let found = moments.map { moment in names.lazy.compactMap { moment.details[$0] }.first.map(number) }
      if !found.isEmpty, !found.contains(nil) { numbers[kind] = found.compactMap(\.self) }
    }
    return TrialOrigins(numbers)
  }

  /// The same for the same text, in any recording.
  private static func number(_ text: String) -> Int64 {
    if let number = Int64(text) { return number }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: hash)
  }

  /// "window 0.02:0.46 s, 1000 Hz, ..., channels by names"
  private static func summary(
    _ settings: PreparationSettings, _ request: PreparationRequest, _ map: ChannelMap
  ) -> String {
    var parts: [String] = []
    switch request.trials {
    case .events(let labels): parts.append("events \(labels.joined(separator: "/"))")
    case .everyEvent: parts.append("all events")
    case .onsets(let seconds): parts.append("onsets \(seconds.map { "\($0)" }.joined(separator: "/"))")
    case .stored, nil: parts.append("stored trials")
    }
    if let rate = request.samplingRate { parts.append("read at \(rate) Hz") }
    parts += ["window \(settings.window)", "\(settings.samplingRate) Hz"]
    for notch in settings.filters.notches { parts.append("notch \(notch) Hz") }
    if let band = settings.filters.band { parts.append("band \(band) of order \(settings.filters.order)") }
    if settings.reference != .recorded { parts.append("reference \(settings.reference)") }
    if let baseline = settings.baseline { parts.append("baseline \(baseline)") }
    if settings.normalization != .none { parts.append(settings.normalization.rawValue) }
    parts.append("channels by \(map.method.rawValue)")
    return parts.joined(separator: ", ")
  }

  /// How many electrodes were measured, and a word for each that is no channel of its own name: "Fp1=EEG FP1-REF"; then
  /// those from splines.
  private static func lines(_ map: ChannelMap, _ montage: Montage, _ recording: EEGRecording) -> [String] {
    var lines = ["channels by \(map.method.rawValue): \(map.measuredCount) of \(montage.count) measured"]
    guard !montage.names.isEmpty || map.method == .reference else { return lines }
    var words: [String] = [], made: [String] = []
    for (index, origin) in map.origins.enumerated() {
      let name = montage.names.isEmpty ? "\(index)" : montage.names[index]
      switch origin {
      case .measured(let channel), .repeated(let channel):
        let label = recording.channels[channel].label
        if label != name { words.append("\(name)=\(label)") }
      case .interpolated: made.append(name)
      }
    }
    if made.count == montage.count { made = ["all"] }
    if !made.isEmpty { words += ["splines: \(made[0])"] + made.dropFirst() }
    // Arrays have numbers for names, which say nothing.
    if map.method == .order, words.count == montage.count { return lines }
    for word in words {
      if lines.count > 1, let last = lines.last, last.count + word.count + 2 <= 100 {
        lines[lines.count - 1] = "\(last)  \(word)"
      } else {
        lines.append("  \(word)")
      }
    }
    return lines
  }
}
