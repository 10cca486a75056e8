import ArgumentParser
import Foundation
import OneiroDream
import OneiroEEG
import OneiroGraph

/// How trials are cut out of recordings, where it is not to be as the pipeline says.
struct PreparationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Events that are trials, by their labels, or all of them.", valueName: "label,... or all"))
  var event: String?
  @Option(help: ArgumentHelp("When trials were, in seconds, where there are no events.", valueName: "s,..."))
  var onset: CommaList<Double>?
  @Option(
    help: ArgumentHelp("Seconds from the event that are taken; the default is the pipeline's.", valueName: "from:to"))
  var window: SecondsRange?
  @Option(
    help: ArgumentHelp("Seconds from the event whose mean is taken off, such as -0.2:0.", valueName: "from:to"))
  var baseline: SecondsRange?
  @Option(
    help: ArgumentHelp("What potentials are measured against: recorded, average, or channels.", valueName: "label,..."))
  var reference: String?
  @Option(
    help: ArgumentHelp(
      "Which channels are the model's electrodes: names (what is missing from splines), order, reference (repeated, as the original does), or auto.",
      valueName: "method"))
  var channelMap = ChannelMap.Method.auto
  @Option(
    help: ArgumentHelp(
      "The folder of what was shown, for recordings that name it: by events, or as a data set does.",
      valueName: "folder"))
  var shown: String?
  @Option(help: ArgumentHelp("The sampling rate of arrays that do not say it.", valueName: "Hz")) var rate: Double?
  @OptionGroup var filters: EEGFilters

  func validate() throws {
    guard event == nil || onset == nil else { throw ValidationError("--event does not go with --onset") }
    if let event, event.split(separator: ",").isEmpty {
      throw ValidationError("--event: expected labels with commas between them, or all, found \"\(event)\"")
    }
    if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("--rate: expected more than 0, found \(rate)") }
    if let wrong = onset?.values.first(where: { !$0.isFinite || $0 < 0 }) {
      throw ValidationError("--onset: expected 0 or more, found \(wrong)")
    }
  }

  var request: PreparationRequest {
    var request = PreparationRequest()
    if let event {
      request.trials = event == "all" ? .everyEvent : .events(event.split(separator: ",").map(String.init))
    }
    if let onset { request.trials = .onsets(onset.values) }
    (request.window, request.baseline, request.band, request.order) = (window, baseline, filters.band, filters.order)
    request.notches = filters.notch?.values
    request.reference = reference.map { text in
      switch text {
      case "recorded": .recorded
      case "average": .average
      default: .channels(text.split(separator: ",").map(String.init))
      }
    }
    (request.channelMap, request.samplingRate, request.truths) = (channelMap, rate, shown)
    return request
  }

  /// Trials of `FILE[:trials]`, with a word on standard error of what was done.
  /// - option: what a wrong selection is told.
  func open(_ argument: String, option: String, with opener: RecordingOpener, isQuiet: Bool) throws -> Recording {
    let (path, selection) = try TrialSelection.parse(argument, option: option)
    let bar = ProgressBar(isQuiet: isQuiet, counting: "trial"), start = ContinuousClock.now
    let prepared = try opener.open(path, selection, request) { done, total in
      // What is done in a second is no work to wait for.
      if ContinuousClock.now - start > .seconds(1) { bar.update(label: "preparing", done: done, total: total) }
    }
    bar.finish()
    for warning in prepared.warnings { Log.shared.warning("\(path): \(warning)") }
    if !isQuiet, prepared.recording.preparation != nil {
      let lines = ["\(path): \(counted(prepared.recording.count, "trial")), \(prepared.summary)"] + prepared.mapLines
      StandardError.print(lines.joined(separator: "\n"))
    }
    return prepared.recording
  }
}

extension SecondsRange: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 2, let from = parts[0], let to = parts[1] else { return nil }
    self.init(from: from, to: to)
  }
}

extension ChannelMap.Method: ExpressibleByArgument {}
