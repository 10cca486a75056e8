import Foundation
import OneiroEEG
import OneiroPicture
import OneiroTestSupport
import Testing

@Suite("Spectra and plots") struct PlotTests {
  @Test func aSineHasItsPowerInItsBand() throws {
    let samples = (0..<4096).map { 3 * sin(2 * .pi * 10 * Double($0) / 256) + 100 }
    let spectrum = try #require(PowerSpectrum(samples, samplingRate: 256, length: 512))
    #expect(spectrum.resolution == 0.5 && spectrum.density.count == 257)
    // Half of the amplitude's square; the constant is taken out.
    #expect(abs(spectrum.power(from: 8, to: 12) - 4.5) < 0.01)
    #expect(spectrum.power(from: 20, to: 128) < 1e-6 && spectrum.power(from: 0, to: 4) < 1e-6)
  }

  @Test func whiteNoiseIsEven() throws {
    var random = SplitMix(state: 1)
    let samples = (0..<65536).map { _ in Double.random(in: -1...1, using: &random) }
    let spectrum = try #require(PowerSpectrum(samples, samplingRate: 100, length: 256))
    #expect(abs(spectrum.power(from: 0, to: 50.1) - 1.0 / 3) < 0.01)
    #expect(abs(spectrum.power(from: 10, to: 20) / spectrum.power(from: 30, to: 40) - 1) < 0.1)
    #expect(PowerSpectrum([1, 2, 3], samplingRate: 100, length: 4) == nil)
  }

  @Test func everyKindOfRecordingCanBeDrawn() throws {
    let folder = try TemporaryFolder()
    var file = SyntheticFile(.bdfPlus)
    (file.trialCount, file.electrodes) = (3, ElectrodePositions.tenTwenty)
    try file.write(to: folder.file("a"))
    let recording = try EEGRecording.open(folder.file("a"))
    let picture = try RecordingPlot().draw(
      recording, recording.timeline(), channels: Array(0..<21), range: 0..<4000)
    #expect(picture.width == 1680 && picture.height == 1050)
    // Traces, events and the colours of the maps are there.
    func has(_ colour: (UInt8, UInt8, UInt8) -> Bool) -> Bool {
      stride(from: 0, to: picture.pixels.count, by: 3).contains {
        colour(picture.pixels[$0], picture.pixels[$0 + 1], picture.pixels[$0 + 2])
      }
    }
    #expect(has { $0 == 26 && $1 == 72 && $2 == 140 } && has { $0 == 200 && $1 == 60 && $2 == 40 })
    #expect(has { $0 > 240 && $1 > 220 && $2 < 70 })
    expectFailure("at least one channel") {
      _ = try RecordingPlot().draw(recording, recording.timeline(), channels: [], range: 0..<10)
    }
  }
}
