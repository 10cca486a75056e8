import ArgumentParser
import Foundation
import OneiroEEG
import OneiroGraph
import OneiroPicture

struct EEGPlot: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw a recording: traces, spectrum, power on the scalp.",
    usage: "oneiro eeg plot [<options>] <file> --out <png>",
    discussion: """
      Traces are of a window, 10 seconds unless said otherwise; spectrum and maps of the first minutes. Maps need channels
      with names of the 10-20 system or its refinements. Red lines are events, grey ones the ends of pieces.

        oneiro eeg plot recording.bdf --out recording.png
        oneiro eeg plot recording.bdf --out four.png \\
          --from 60 --seconds 4 --channels Fz,Cz,Pz,Oz
      """.flowing)

  @Argument(help: "A recording.") var file: String
  @Option(help: ArgumentHelp("The picture to write.", valueName: "png")) var out: String
  @OptionGroup var window: EEGWindow
  @OptionGroup var rate: EEGRate

  private static let seconds = 10.0

  func validate() throws { try OutputFile.checkEnding(out, [".png"], option: "--out") }

  var outputFiles: [String] { [out] }

  func run() throws {
    try OutputFile.checkDistinct([out], inputs: [file])
    let recording = try EEGRecording.open(file, samplingRate: rate.rate)
    let timeline = try recording.timeline()
    var channels = try window.channels(of: recording)
    if window.channels == nil { channels.removeAll { recording.channels[$0].kind == .trigger } }
    // One time axis: the rate that most channels have.
    let rates = Dictionary(grouping: channels) { recording.channels[$0].samplingRate }
    guard let (rate, taken) = rates.max(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) else {
      throw GraphError.mismatch(file: file, "channels", expected: "at least one", found: "none")
    }
    let count = taken.map { recording.channels[$0].sampleCount }.min() ?? 0
    let range = try window.range(rate: rate, count: count, file: file, length: Self.seconds)
    let picture = try RecordingPlot().draw(recording, timeline, channels: taken, range: range)
    try PNG.write(picture, to: out)
    let left = channels.count - taken.count
    print(
      "\(out): \(counted(taken.count, "channel")), \(String(format: "%.6g", Double(range.count) / rate)) s from "
        + "\(String(format: "%.6g", Double(range.lowerBound) / rate)) s"
        + (left > 0 ? "; \(left) channels of other sampling rates are left out" : ""))
  }
}
