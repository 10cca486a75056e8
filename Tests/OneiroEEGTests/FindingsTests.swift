import OneiroEEG
import OneiroGraph
import OneiroTestSupport
import Testing

@Suite("What is wrong or doubtful with a recording is said") struct FindingsTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Channels of 40 samples each, 100 units either way.
  private func findings(_ signals: [(label: String, unit: String, samples: [Double])]) throws -> [String] {
    let scaling = Scaling(digital: (-1000, 1000), physical: (-100, 100))!
    let writer = EDFWriter(
      .edf,
      signals: signals.map { .init(label: $0.label, unit: $0.unit, samplesPerRecord: 40, scaling: scaling) },
      recordDuration: 1)
    try writer.write(to: folder.file("a.edf"), recordCount: 1) { _ in signals.map(\.samples) }
    let recording = try EEGRecording.open(folder.file("a.edf"))
    return recording.findings(try recording.timeline(), try recording.statistics())
  }

  private let wave = (0..<40).map { Double($0 % 7) }

  @Test func aGoodRecording() throws {
    #expect(try findings([("Fz", "uV", wave), ("Cz", "uV", wave)]) == ["no events"])
  }

  @Test func flatAndClippedChannels() throws {
    var high = wave
    for index in 5..<9 { high[index] = 120 }
    // One sample at the end of the range is no sign of clipping.
    high[20] = -100
    let findings = try findings([("Fz", "uV", [Double](repeating: 3, count: 40)), ("Cz", "uV", high)])
    #expect(findings.contains("flat: Fz"))
    #expect(findings.contains("channel Cz: 4 samples at the ends of its range, in runs: clipped"))
  }

  @Test func unitsAndLabels() throws {
    let findings = try findings([("Q9", "", wave), ("Cz", "uV", wave), ("Cz", "uV", wave)])
    #expect(findings.contains("no unit: Q9") && findings.contains("labels that several channels have: Cz"))
    #expect(findings.contains("on no known place of the head: Q9"))
  }

  @Test func theStatisticsAreThoseOfTheSamples() throws {
    _ = try findings([("Fz", "uV", wave)])
    let recording = try EEGRecording.open(folder.file("a.edf"))
    let values = try #require(try recording.statistics().first)
    let samples = try recording.samples(0, in: 0..<40)
    let mean = samples.reduce(0, +) / 40
    let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40
    #expect(values.count == 40 && values.minimum == samples.min() && values.maximum == samples.max())
    #expect(abs(values.mean - mean) < 1e-12 && abs(values.standardDeviation - variance.squareRoot()) < 1e-12)
  }
}
