import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

/// Files with wrong bytes: opening them and reading all of them fails or succeeds, and the test is there to see it.
@Suite("Damaged recordings") struct FuzzTests {
  private static let rounds = 600

  /// A file of each format, and the name under which it is opened.
  private static func make(_ format: String, in folder: TemporaryFolder) throws -> (damaged: String, opened: String) {
    let range = EDFWriter.Kind.edfPlus.digitalRange
    let scaling = Scaling(digital: (Double(range.lowerBound), Double(range.upperBound)), physical: (-200, 200))!
    switch format {
    case "edf", "edfPlus", "bdf", "bdfPlus":
      var writer = EDFWriter(
        EDFWriter.Kind(rawValue: format)!,
        signals: ["Fz", "Status"].map { .init(label: $0, unit: "uV", samplesPerRecord: 8, scaling: scaling) },
        recordDuration: 0.5)
      writer.annotations = (0..<6).map {
        EEGEvent(onset: Double($0) * 0.3, duration: 0.1, label: "e\($0)", source: .annotation)
      }
      writer.annotationSignalCount = 2
      if writer.kind.isPlus { writer.recordOnsets = [0, 0.5, 3, 7] }
      try writer.write(to: folder.file("a"), recordCount: 4) { record in
        [[Double]](repeating: (0..<8).map { Double(($0 * record) % 7) }, count: 2)
      }
      return ("a", "a")
    case "gdf1", "gdf2":
      try folder.write(GDFTests.file(first: format == "gdf1"), to: "a")
      return ("a", "a")
    case "vhdr", "vmrk":
      try folder.write(BrainVisionTests.header, to: "rec.vhdr")
      try folder.write(BrainVisionTests.markers, to: "rec.vmrk")
      try folder.write(BrainVisionTests.little(BrainVisionTests.samples), to: "rec.eeg")
      return ("rec.\(format)", "rec.vhdr")
    case "npy":
      try NpyFile.write(Tensor((0..<24).map { Float($0) }, dims: [2, 3, 4]), to: folder.file("a.npy"))
      return ("a.npy", "a.npy")
    default:
      // Sidecars of BIDS.
      let base = "sub-01_task-x"
      try EDFWriter(
        .edf, signals: [.init(label: "Fz", unit: "uV", samplesPerRecord: 4, scaling: scaling)], recordDuration: 1
      ).write(to: folder.file("\(base)_eeg.edf"), recordCount: 1) { _ in [[0, 1, 2, 3]] }
      try folder.write("name\ttype\tunits\tstatus\nFz\tEEG\tuV\tgood\n", to: "\(base)_channels.tsv")
      try folder.write("onset\tduration\ttrial_type\n0.5\t0.25\tcircle\n", to: "\(base)_events.tsv")
      try folder.write("{\"SamplingFrequency\": 4, \"PowerLineFrequency\": 50}", to: "\(base)_eeg.json")
      return ("\(base)_\(format)", "\(base)_eeg.edf")
    }
  }

  @Test(
    "Flipped, cut, overwritten and doubled bytes",
    arguments: [
      "edf", "edfPlus", "bdf", "bdfPlus", "gdf1", "gdf2", "vhdr", "vmrk", "npy", "channels.tsv", "events.tsv",
      "eeg.json",
    ])
  func damage(format: String) throws {
    let folder = try TemporaryFolder()
    let (damaged, opened) = try Self.make(format, in: folder)
    let whole = try folder.read(damaged)
    var random = SplitMix(state: 11)
    var failures = 0
    for round in 0..<Self.rounds {
      var bytes = whole
      func place(_ width: Int = 1) -> Int { Int(random.next() % UInt64(max(1, whole.count - width))) }
      switch round % 6 {
      case 0: bytes.removeLast(place())
      case 1: bytes[place()] ^= 1 << UInt8(random.next() % 8)
      case 2: bytes[place()] = UInt8(truncatingIfNeeded: random.next())
      case 3:
        // Numbers that are large, or negative.
        let at = place(8)
        for byte in 0..<min(8, whole.count - at) { bytes[at + byte] = byte < 7 ? 0xFF : (round % 2 == 0 ? 0x7F : 0xFF) }
      case 4:
        // Texts that are numbers nobody expects.
        let text = ["99999999", "-1", "0", "1e308", "-1e308", "1e-308", "nan", ""][round / 6 % 8]
        let at = place(8)
        let field = padded(text, 8)
        for byte in 0..<min(8, whole.count - at) { bytes[at + byte] = field[byte] }
      default:
        let from = place(), to = place(), count = min(Int(random.next() % 40), whole.count - max(from, to))
        bytes.replaceSubrange(to..<to + count, with: whole[from..<from + count])
      }
      try folder.write(bytes, to: damaged)
      do { try Self.readAll(folder.file(opened), isDrawn: round % 40 == 1) } catch { failures += 1 }
    }
    // What is wrong with markers is said, and the samples are read all the same.
    #expect(failures < Self.rounds && (failures > 10 || format == "vmrk"), "\(failures) failures")
  }

  private static let preparations: [PreparationSettings] = [
    #"{"channels": 3, "sampling_rate": 16, "window": [0, 0.25], "samples": 4}"#,
    #"{"channels": 3, "sampling_rate": 10, "window": [-0.1, 0.3], "baseline": [-0.2, 0], "samples": 4, "band": [null, 1], "band_order": 1}"#,
  ].map { try! PreparationSettings(json: $0, name: "fuzz") }

  /// Everything that a command would look at.
  private static func readAll(_ path: String, isDrawn: Bool) throws {
    let recording = try EEGRecording.open(path)
    let timeline = try recording.timeline()
    _ = recording.findings(timeline, try recording.statistics())
    for channel in recording.channels {
      for event in timeline.events { _ = timeline.sample(at: event.onset, samplingRate: channel.samplingRate) }
      _ = timeline.segments.map { $0.samples(at: channel.samplingRate) }
      _ = timeline.time(ofSample: channel.sampleCount / 2, samplingRate: channel.samplingRate)
    }
    for settings in Self.preparations {
      for choice in [TrialChoice.everyEvent, .stored, .onsets([0, 0.3])] {
        // What cannot be prepared is refused; nothing more is asked of it.
        guard let moments = try? recording.moments(choice, in: timeline),
          let windows = try? TrialWindows(recording, timeline, moments, settings, channelMap: .reference)
        else { continue }
        try? windows.forEach { (_, window) throws(GraphError) in precondition(window.count > 0) }
      }
    }
    guard isDrawn, let first = recording.channels.first, first.sampleCount > 0 else { return }
    var plot = RecordingPlot()
    (plot.width, plot.height) = (800, 600)
    _ = try plot.draw(recording, timeline, channels: [0], range: 0..<min(16, first.sampleCount))
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
