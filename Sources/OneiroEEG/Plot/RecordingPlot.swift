import Foundation
import OneiroGraph
import OneiroPicture

/// A recording on one picture: traces of a window, spectra, and where on the head the power of each band is.
public struct RecordingPlot: Sendable {
  /// In pixels; at least 800 x 600, which the parts need.
  public var width = 1680 { didSet { width = max(width, 800) } }
  public var height = 1050 { didSet { height = max(height, 600) } }
  /// What is drawn at most: with more, traces lie over each other.
  public var mostTraces = 64
  /// In Hz; maps are drawn for these.
  public var bands: [Band] = Band.usual

  public struct Band: Sendable {
    public let name: String, low: Double, high: Double
    public init(_ name: String, _ low: Double, _ high: Double) {
      self.name = name
      self.low = low
      self.high = high
    }
    public static let usual = [
      Band("delta", 1, 4), Band("theta", 4, 8), Band("alpha", 8, 13), Band("beta", 13, 30),
    ]
  }

  public init() {}

  /// - channels: of one sampling rate.
  /// - range: of their samples.
  public func draw(
    _ recording: EEGRecording, _ timeline: EEGTimeline, channels: [Int], range: Range<Int>
  ) throws(GraphError) -> Picture {
    guard let first = channels.first, !range.isEmpty else {
      throw .mismatch(file: recording.source, "plot", expected: "at least one channel and one sample", found: "none")
    }
    let rate = recording.channels[first].samplingRate
    var picture = Picture(width: width, height: height, filledWith: .white)
    let name = recording.source.split(separator: "/").last.map(String.init) ?? recording.source
    let drawn = min(channels.count, mostTraces)
    let title =
      "\(name)  \(recording.format)  \(drawn < channels.count ? "\(drawn) of " : "")\(channels.count) channels at \(PlotText.number(rate)) Hz, "
      + "\(PlotText.number(Double(range.count) / rate)) of \(PlotText.number(recording.duration)) s"
    picture.write(title, x: 20, y: 16, scale: 2, colour: PlotColour.ink)

    let side = min(560, width / 3)
    let shown =
      channels.count <= mostTraces ? channels : (0..<mostTraces).map { channels[$0 * channels.count / mostTraces] }
    let traces = TracePanel(
      frame: PlotFrame(left: 20, top: 56, width: width - side - 60, height: height - 76), rate: rate, range: range)
    try traces.draw(recording, timeline, shown, on: &picture)

    let spectra = try spectra(recording, channels, rate)
    let column = width - side - 20
    let half = (height - 76) * 2 / 5
    SpectrumPanel(frame: PlotFrame(left: column, top: 56, width: side, height: half)).draw(
      spectra, unit: recording.channels[first].unit, on: &picture)
    ScalpPanel(frame: PlotFrame(left: column, top: 56 + half + 24, width: side, height: height - 100 - half)).draw(
      bands, spectra, recording, on: &picture)
    return picture
  }

  /// Of channels that are not bad, from the recording's first minutes.
  private func spectra(
    _ recording: EEGRecording, _ channels: [Int], _ rate: Double
  ) throws(GraphError) -> [(channel: Int, spectrum: PowerSpectrum)] {
    // Two seconds make half a Hz; short recordings do with less.
    let count = channels.map { recording.channels[$0].sampleCount }.min() ?? 0
    let taken = min(count, 1 << 17, (1 << 24) / channels.count)
    var length = 2
    while Double(length) < 2 * rate, length * 2 <= taken, length < 1 << 15 { length *= 2 }
    var spectra: [(Int, PowerSpectrum)] = []
    for channel in channels where !recording.channels[channel].isBad {
      let samples = try recording.samples(channel, in: 0..<taken)
      if let spectrum = PowerSpectrum(samples, samplingRate: rate, length: length) {
        spectra.append((channel, spectrum))
      }
    }
    return spectra
  }
}
