import ArgumentParser
import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel

struct EEGExport: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a window of a recording as an array.",
    usage: "oneiro eeg export [<options>] <file> --out <file>",
    discussion: """
      float64 [channels, samples], in each channel's own unit. Channels of one sampling rate go into one array.

        oneiro eeg export recording.bdf --out all.npy
        oneiro eeg export recording.bdf --out window.npy \\
          --channels Fp1,Cz --from 10 --seconds 2
        oneiro eeg export recording.edf --out clean.npy \\
          --band 0.5:40 --notch 50 --resample 250

      Filters are zero-phase: notches first, then the band (Butterworth), then the new sampling rate.
      """.flowing)

  @Argument(help: "A recording.") var file: String
  @Option(help: ArgumentHelp("The .npy file to write.", valueName: "file")) var out: String
  @OptionGroup var window: EEGWindow
  @OptionGroup var filters: EEGFilters
  @Option(help: ArgumentHelp("A new sampling rate.", valueName: "Hz")) var resample: Double?
  @OptionGroup var rate: EEGRate

  func validate() throws {
    if let resample, !(resample > 0 && resample.isFinite) {
      throw ValidationError("--resample: expected more than 0, found \(resample)")
    }
    try OutputFile.checkEnding(out, [".npy"], option: "--out")
  }

  var outputFiles: [String] { [out] }

  func run() throws {
    try OutputFile.checkDistinct([out], inputs: [file])
    let recording = try EEGRecording.open(file, samplingRate: rate.rate)
    let channels = try window.channels(of: recording)
    let rates = Set(channels.map { recording.channels[$0].samplingRate })
    guard let rate = rates.first, rates.count == 1 else {
      throw GraphError.mismatch(
        file: file, "channels", expected: "channels of one sampling rate (see --channels)",
        found: rates.isEmpty ? "none" : "\(rates.sorted().map { "\($0) Hz" }.joined(separator: ", "))")
    }
    var settings = SignalFilters(band: filters.band, notches: filters.notch?.values ?? [], samplingRate: resample)
    settings.order = filters.order ?? settings.order
    let filter: ChannelFilter
    do throws(GraphError) {
      filter = try ChannelFilter(settings, samplingRate: rate)
    } catch {
      throw error.located(in: file)
    }
    let samples = try filter.isIdentity ? plain(recording, channels, rate) : filtered(recording, channels, filter)
    try NpyFile.write(samples, to: out)
    print(
      "\(out): \(counted(samples.dims[0], "channel")) of \(counted(samples.dims[1], "sample")) "
        + "at \(filter.samplingRate) Hz")
  }

  private func plain(_ recording: EEGRecording, _ channels: [Int], _ rate: Double) throws -> Tensor {
    let count = channels.map { recording.channels[$0].sampleCount }.min() ?? 0
    return try recording.read(channels, in: try window.range(rate: rate, count: count, file: file))
  }

  /// A channel at a time, as a whole: what comes out of a filter hangs on all that lies around it.
  private func filtered(_ recording: EEGRecording, _ channels: [Int], _ filter: ChannelFilter) throws -> Tensor {
    let segments = try recording.timeline().segments
    var range = 0..<0
    var result: [Double] = []
    for (row, channel) in channels.enumerated() {
      let samples = try recording.filtered(channel, segments, filter)
      if row == 0 { range = try window.range(rate: filter.samplingRate, count: samples.count, file: file) }
      result += samples[range]
    }
    return Tensor(.float64, doubles: result, dims: [channels.count, range.count])
  }
}

/// Which channels, and which stretch of time.
struct EEGWindow: ParsableArguments {
  @Option(help: ArgumentHelp("Labels or numbers with commas between them; all unless given.", valueName: "names"))
  var channels: String?
  @Option(help: ArgumentHelp("Where to begin, in seconds of stored samples.", valueName: "s")) var from = 0.0
  @Option(help: ArgumentHelp("How long; up to the end unless given.", valueName: "s")) var seconds: Double?

  func validate() throws {
    guard from >= 0, from.isFinite else { throw ValidationError("--from: expected 0 or more, found \(from)") }
    if let seconds, !(seconds > 0 && seconds.isFinite) {
      throw ValidationError("--seconds: expected more than 0, found \(seconds)")
    }
  }

  func channels(of recording: EEGRecording) throws -> [Int] {
    guard let channels else { return Array(recording.channels.indices) }
    return try channels.split(separator: ",").map { name in
      let index = recording.channels.firstIndex { $0.label == name } ?? Int(name)
      guard let index, recording.channels.indices.contains(index) else {
        let labels = recording.channels.prefix(8).map(\.label).joined(separator: ", ")
        throw GraphError.mismatch(
          file: recording.source, "channel",
          expected: "a label or a number below \(recording.channels.count): \(labels)",
          found: "\"\(name)\"")
      }
      return index
    }
  }

  /// - length: in seconds, where none is given.
  func range(rate: Double, count: Int, file: String, length: Double? = nil) throws -> Range<Int> {
    let first = (from * rate).rounded()
    var end = ((from + (seconds ?? length ?? .infinity)) * rate).rounded()
    guard first < Double(count) else {
      throw GraphError.mismatch(
        file: file, "window", expected: "a begin before \(Double(count) / rate) s", found: "\(from) s")
    }
    if let seconds, end > Double(count) {
      throw GraphError.mismatch(
        file: file, "window", expected: "an end up to \(Double(count) / rate) s", found: "\(from + seconds) s")
    }
    end = min(Double(count), end)
    return Int(first)..<max(Int(first), Int(end))
  }
}
