import Foundation
import OneiroEEG
import OneiroGraph
import OneiroTestSupport
import Testing

@Suite("Channels and the electrodes of a model") struct ChannelMapTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// An EDF file with these channels of noise, 2 s at 100 Hz; some flat or of another unit.
  private func recording(_ labels: [String], unit: String = "uV", flat: Set<String> = []) throws -> EEGRecording {
    let signals = labels.map { label in
      EDFWriter.Signal(
        label: label, unit: unit, samplesPerRecord: 100,
        scaling: Scaling(digital: (-32768, 32767), physical: (-100, 100))!)
    }
    let writer = EDFWriter(.edfPlus, signals: signals, recordDuration: 1)
    let path = folder.file("rec.edf")
    try writer.write(to: path, recordCount: 2) { record in
      labels.enumerated().map { row, label in
        (0..<100).map { flat.contains(label) ? 3 : 50 * sin(Double(record * 100 + $0) * 0.1 * Double(row + 1)) }
      }
    }
    return try EEGRecording.open(path)
  }

  private func settings(_ montage: Montage, _ change: (inout PreparationSettings) -> Void = { _ in }) throws
    -> PreparationSettings
  {
    var settings = try PreparationSettings(
      json: #"{"channels": 1, "sampling_rate": 100, "window": [0, 0.5], "samples": 50}"#, name: "test")
    settings.montage = montage
    change(&settings)
    return settings
  }

  private func windows(
    _ recording: EEGRecording, _ settings: PreparationSettings, onsets: [Double] = [0.5],
    _ method: ChannelMap.Method = .auto
  ) throws -> TrialWindows {
    let timeline = try recording.timeline()
    return try TrialWindows(
      recording, timeline, try recording.moments(.onsets(onsets), in: timeline), settings, channelMap: method)
  }

  @Test func namesAreFoundHoweverTheyAreSpelled() throws {
    let map = try ChannelMap(
      try recording(["EEG T3-REF", "EEG FP1-REF", "cz", "P8"]), to: Montage(names: ["Fp1", "T7", "Cz", "T6"]))
    #expect(map.method == .names && map.channels == [0, 1, 2, 3] || map.channels.sorted() == [0, 1, 2, 3])
    #expect(map.origins == [.measured(1), .measured(0), .measured(2), .measured(3)])
    #expect(map.warnings.isEmpty && map.inventedCount == 0)
  }

  @Test func whatIsMissingComesFromSplines() throws {
    let file = try recording(["Fp1", "Fp2", "O1", "O2", "T7", "T8", "ECG", "Bogus"])
    let map = try ChannelMap(file, to: Montage(names: ["O1", "Cz"]))
    #expect(map.origins == [.measured(2), .interpolated] && map.channels == [0, 1, 2, 3, 4, 5])
    #expect(map.weights[0] == [0, 0, 1, 0, 0, 0] && abs(map.weights[1].reduce(0, +) - 1) < 1e-9)
    #expect(abs(map.weights[1][0] - map.weights[1][1]) < 1e-9)
    #expect(map.warnings.contains { $0.contains("1 of the model's 2 electrodes were measured, 1 is invented") })
    #expect(map.warnings.contains { $0.contains("nobody knows") && $0.contains("Bogus") })
  }

  @Test func measuredPlacesStandForNamesThatNobodyKnows() throws {
    var file = try recording(["Fp1", "Fp2", "O1", "X9"])
    file.channels[3].position = ElectrodePositions.position(of: "C3")
    // A name that is known has the place of the system.
    file.channels[0].position = ElectrodePositions.position(of: "Oz")
    let map = try ChannelMap(file, to: Montage(names: ["C3", "Fp1"]))
    #expect(map.origins == [.interpolated, .measured(0)])
    #expect(map.weights[0][3] > 0.99 && !map.warnings.contains { $0.contains("nobody knows") })
  }

  @Test func theOriginalRepeats() throws {
    let file = try recording(["a", "b", "c"])
    let map = try ChannelMap(file, to: Montage(count: 7), method: .reference)
    #expect(map.weights.map { $0.firstIndex(of: 1) } == [0, 1, 2, 0, 1, 2, 0])
    #expect(
      map.measuredCount == 3 && map.warnings.contains { $0.contains("4 are invented") && $0.contains("repetition") })
    let many = try ChannelMap(file, to: Montage(count: 2), method: .reference)
    #expect(many.channels == [0, 1] && many.warnings.contains { $0.contains("first 2 of 3") })
    #expect(try ChannelMap(file, to: Montage(count: 3)).method == .order)
  }

  @Test func whatLeadsNowhereIsRefused() throws {
    let file = try recording(["a", "b", "c"])
    expectFailure("names of the model's 4 electrodes", "--channel-map reference", "3: a, b, c") {
      _ = try ChannelMap(file, to: Montage(names: ["Fp1", "Fp2", "O1", "O2"]))
    }
    expectFailure("4 because the model", "found 3") { _ = try ChannelMap(file, to: Montage(count: 4), method: .order) }
    expectFailure("names its electrodes") { _ = try ChannelMap(file, to: Montage(count: 4), method: .names) }
    expectFailure("\"X9\"", "place on the head") {
      _ = try ChannelMap(try recording(["Fp1", "Cz"]), to: Montage(names: ["Cz", "X9"]), method: .names)
    }
    expectFailure("channels of EEG", "none") { _ = try ChannelMap(try recording(["ECG"]), to: Montage(count: 1)) }
  }

  @Test func flatChannelsAreTakenForMissing() throws {
    let file = try recording(["Fp1", "Fp2", "O1", "O2", "Cz"], flat: ["Cz"])
    let map = try windows(file, try settings(Montage(names: ["Cz", "O1"]))).map
    #expect(map.origins == [.interpolated, .measured(2)])
    #expect(map.warnings.contains { $0.contains("because flat: Cz") })
    expectFailure("flat") { _ = try windows(try recording(["Cz"], flat: ["Cz"]), try settings(Montage(names: ["Cz"]))) }
  }

  @Test func unitsAndReferenceAreInTheMatrix() throws {
    let montage = Montage(names: ["Cz", "Oz"])
    let file = try recording(["Cz", "Oz", "M1", "M2"], unit: "mV")
    let recorded = try windows(file, try settings(montage) { $0.microvoltsPerUnit = 10 }).matrix
    #expect(recorded.channels == [0, 1] && recorded.rows == [[100, 0], [0, 100]])
    let mastoids = try windows(file, try settings(montage) { $0.reference = .channels(["m1", "M2"]) }).matrix
    #expect(mastoids.rows == [[1000, 0, -500, -500], [0, 1000, -500, -500]])
    let average = try windows(file, try settings(montage) { $0.reference = .average }).matrix
    #expect(average.rows == [[750, -250, -250, -250], [-250, 750, -250, -250]])
    expectFailure("\"T9\"", "not there") {
      _ = try windows(file, try settings(montage) { $0.reference = .channels(["T9"]) })
    }
    let eye = try recording(["Cz", "Oz", "EOG1"], flat: ["EOG1"])
    #expect(eye.channels[2].kind != .eeg)
    expectFailure("\"EOG1\"", "flat") {
      _ = try windows(eye, try settings(montage) { $0.reference = .channels(["EOG1"]) })
    }
    let bare = try windows(try recording(["Cz", "Oz"], unit: ""), try settings(montage))
    #expect(bare.warnings.contains { $0.contains("no unit of voltage, taken for microvolts: Cz, Oz") })
  }

  @Test func windowsAreCutAndBaselinesTakenOff() throws {
    let file = try recording(["Cz"])
    let raw = try file.samples(0, in: 0..<200)
    let plain = try settings(Montage(names: ["Cz"])) { $0.baseline = SecondsRange(from: -0.2, to: 0) }
    let cut = try windows(file, plain, onsets: [1.2, 0.5, 0.1, 1.9])
    // The last two reach out of the recording.
    #expect(
      cut.moments.map(\.number) == [0, 1] && cut.warnings.contains { $0.contains("reach out") && $0.contains("2, 3") })
    var seen: [Int] = []
    try cut.forEach { (trial, window) throws(GraphError) in
      seen.append(trial)
      let first = trial == 0 ? 120 : 50
      let mean = raw[first - 20..<first].reduce(0, +) / 20
      let expected = raw[first..<first + 50].map { Float($0 - mean) }
      #expect(
        window.dims == [1, 1, 50] && zip(window.elements(of: Float.self), expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    #expect(seen == [1, 0])
    expectFailure("trials", "reach out of the recording") { _ = try windows(file, plain, onsets: [9]) }
  }

  @Test func stretchesAreFilteredAsTheWhole() throws {
    var file = SyntheticFile(.bdfPlus)
    (file.electrodes, file.trialCount, file.interval) = (["Cz", "Oz"], 40, 2)
    let path = folder.file("long.bdf")
    try file.write(to: path)
    let recording = try EEGRecording.open(path), timeline = try recording.timeline()
    let settings = try settings(Montage(names: ["Cz", "Oz"])) {
      $0.filters = SignalFilters(band: FrequencyBand(low: 1, high: 40), notches: [50], samplingRate: 250)
    }
    let filter = try ChannelFilter(settings.filters, samplingRate: 1000)
    let whole = try recording.filtered(1, timeline.segments, filter)
    let moments = try recording.moments(.everyEvent, in: timeline)
    // One trial alone is filtered with what lies around it, and no more.
    let cut = try TrialWindows(recording, timeline, [moments[20]], settings)
    try cut.forEach { (_, window) throws(GraphError) in
      let first = Int((moments[20].onset * 250).rounded())
      for (index, value) in window.elements(of: Float.self)[125...].enumerated() {
        #expect(abs(value - Float(whole[first + index])) < 1e-6)
      }
    }
  }
}
