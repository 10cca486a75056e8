import ArgumentParser
import Foundation
import OneiroEEG
import OneiroGraph
import OneiroRuntime

struct EEGInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what is in a recording.",
    discussion: """
      Format, channels, rates, units, duration, events by label, and what is wrong or doubtful. All samples are looked at;
      --header leaves that out, for files of gigabytes. --timing says how long opening took, and reading at once, of
      the channels with the most samples, all of them up to a gigabyte.

      Of a BIDS dataset it lists the recordings, of a file of splits how many trials are for what.

        oneiro eeg info recording.bdf
        oneiro eeg info recording.edf --json
        oneiro eeg info dataset/
      """.flowing)

  @Argument(help: "A recording, or a folder.") var file: String
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var rate: EEGRate
  @Flag(help: "Look at the header and the events, not at the samples.") var header = false

  @Flag(help: "Say on standard error how long opening and reading take.") var timing = false

  func run() throws {
    let listed = BIDSDataset.recordings(in: file)
    if listed.count > 1 {
      if let rate = rate.rate { throw EEGRecording.statedRate(file, given: rate) }
      return EEGDatasetReport(folder: file, paths: listed).show(json: json)
    }
    let start = ContinuousClock.now
    let recording: EEGRecording
    do {
      recording = try EEGRecording.open(file, samplingRate: rate.rate)
    } catch {
      guard file.hasSuffix(".pth"), let splits = try? TrialSplit.read(file) else { throw error }
      return show(splits)
    }
    if timing { try time(recording, opening: ContinuousClock.now - start) }
    let timeline = try recording.timeline()
    let progress = ProgressBar(isQuiet: json, counting: "sample")
    let statistics = header ? nil : try recording.statistics { progress.update(label: "reading", done: $0, total: $1) }
    progress.finish()
    let report = EEGInfoReport(recording: recording, timeline: timeline, statistics: statistics)
    if json { print(report.json.text) } else { for line in report.lines { print(line) } }
  }

  private func show(_ splits: [TrialSplit]) {
    if json {
      let list = splits.map { split in
        JSONValue.object([
          ("train", .array(split.train.map { .int($0) })), ("validation", .array(split.validation.map { .int($0) })),
          ("test", .array(split.test.map { .int($0) })),
        ])
      }
      return print(JSONValue.object([("file", .string(file)), ("splits", .array(list))]).text)
    }
    print("\(file): \(counted(splits.count, "split"))")
    for (number, split) in splits.enumerated() {
      print(
        "\(number): \(counted(split.train.count, "trial")) for training, \(split.validation.count) for validation, "
          + "\(split.test.count) for test")
    }
  }

  private func time(_ recording: EEGRecording, opening: Duration) throws {
    let longest = recording.channels.map(\.sampleCount).max() ?? 0
    let channels = recording.channels.indices.filter { recording.channels[$0].sampleCount == longest }
    // A gigabyte of numbers at most.
    let count = min(longest, (1 << 27) / max(1, channels.count))
    let start = ContinuousClock.now
    let samples = try recording.read(channels, in: 0..<count)
    let text = String(
      format: "opened in %.2f ms; read %d x %d samples in %.1f ms", opening.seconds * 1000, samples.dims[0],
      samples.dims[1], (ContinuousClock.now - start).seconds * 1000)
    StandardError.print(text)
  }
}
