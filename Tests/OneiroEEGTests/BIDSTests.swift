import OneiroEEG
import OneiroTestSupport
import Testing

@Suite("BIDS") struct BIDSTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let base = "sub-01/ses-a/eeg/sub-01_ses-a_task-look"

  private func dataset() throws {
    try folder.write("{\"Name\": \"drawings\"}", to: "dataset_description.json")
    try folder.write("{\"PowerLineFrequency\": 50, \"SamplingFrequency\": 4}", to: "task-look_eeg.json")
    try folder.write("{\"EEGReference\": \"Cz\", \"PowerLineFrequency\": 60}", to: "\(Self.base)_eeg.json")
    try folder.write(
      "name\ttype\tunits\tstatus\tstatus_description\nFz\tEEG\tuV\tgood\tn/a\nE1\tVEOG\tmV\tbad\tcame off\n",
      to: "\(Self.base)_channels.tsv")
    try folder.write(
      "onset\tduration\ttrial_type\tvalue\tstim_file\n0.5\t0.25\tcircle\t1\tcircle.png\n1.25\tn/a\tn/a\t7\tn/a\n",
      to: "\(Self.base)_events.tsv")
    let scaling = Scaling(digital: (-32768, 32767), physical: (-100, 100))!
    var writer = EDFWriter(
      .edfPlus,
      signals: [("Fz", "uV"), ("E1", "")].map {
        .init(label: $0.0, unit: $0.1, samplesPerRecord: 4, scaling: scaling)
      }, recordDuration: 1)
    writer.annotations = [EEGEvent(onset: 0, label: "of the file", source: .annotation)]
    try folder.write([], to: "\(Self.base)_eeg.edf")
    try writer.write(to: folder.file("\(Self.base)_eeg.edf"), recordCount: 2) { _ in
      [[Double]](repeating: [0, 1, 2, 3], count: 2)
    }
  }

  @Test func sidecarsAreTakenIn() throws {
    try dataset()
    let recording = try EEGRecording.open(folder.path)
    #expect(recording.source.hasSuffix("_eeg.edf"))
    #expect(recording.mainsFrequency == 60 && recording.reference == "Cz")
    #expect(recording.channels.map(\.kind) == [.eeg, .eog] && recording.channels.map(\.unit) == ["uV", "mV"])
    #expect(recording.channels.map(\.isBad) == [false, true] && recording.channels[1].remark == "came off")
    let events = try recording.timeline().events
    #expect(events.map(\.label) == ["circle", "7"] && events.map(\.onset) == [0.5, 1.25])
    #expect(events.map(\.duration) == [0.25, 0] && events[0].details["stim_file"] == "circle.png")
    #expect(events.allSatisfy { $0.source == .table })
    #expect(recording.findings(try recording.timeline(), nil).contains("marked as bad: E1"))
  }

  @Test func contradictionsAreSaid() throws {
    try dataset()
    try folder.write("{\"SamplingFrequency\": 500}", to: "\(Self.base)_eeg.json")
    try folder.write("name\tunits\nFz\tmV\nO9\tuV\n", to: "\(Self.base)_channels.tsv")
    let warnings = try EEGRecording.open(folder.path).warnings.joined(separator: "; ")
    #expect(warnings.contains("says 500.0 Hz, the recording 4.0 Hz"))
    #expect(warnings.contains("says mV for Fz, the recording uV"))
    #expect(warnings.contains("tells of a channel \"O9\"") && warnings.contains("does not tell of E1"))
  }

  @Test func brokenSidecars() throws {
    try dataset()
    try folder.write("onset\tduration\nsoon\t1\n", to: "\(Self.base)_events.tsv")
    expectFailure("_events.tsv", "row 1: onset", "expected seconds", "\"soon\"") {
      _ = try EEGRecording.open(folder.path)
    }
    try folder.write("onset\tduration\n1\n", to: "\(Self.base)_events.tsv")
    expectFailure("_events.tsv", "row 1", "expected 2 columns", "found 1") { _ = try EEGRecording.open(folder.path) }
    try folder.write("{", to: "\(Self.base)_eeg.json")
    expectFailure("_eeg.json") { _ = try EEGRecording.open(folder.path) }
  }

  /// A head of 90 mm around (3, -2, 40), in the axes of two systems.
  @Test(arguments: [("CapTrak", "space-CapTrak_"), ("EEGLAB", "")]) func electrodesHavePlaces(
    system: String, space: String
  ) throws {
    try dataset()
    let names = ["Fz", "E1", "Cz", "O1", "T8", "P3", "Fp2"]
    let ours = names.enumerated().map { index, name in
      name == "E1" ? ElectrodePositions.position(of: "C3")! : ElectrodePositions.position(of: name)!
    }
    let rows = zip(names, ours).map { name, place in
      let turned = system == "EEGLAB" ? SIMD3(place.y, -place.x, place.z) : place
      let point = turned * 90 + SIMD3(3, -2, 40)
      return "\(name)\t\(point.x)\t\(point.y)\t\(point.z)\n"
    }
    let table = "name\tx\ty\tz\n" + rows.joined() + "Oz\tn/a\tn/a\tn/a\n"
    try folder.write(table, to: "sub-01/ses-a/eeg/sub-01_ses-a_\(space)electrodes.tsv")
    try folder.write(
      "{\"EEGCoordinateSystem\": \"\(system)\"}", to: "sub-01/ses-a/eeg/sub-01_ses-a_\(space)coordsystem.json")
    let recording = try EEGRecording.open(folder.path)
    let gap = try #require(recording.channels[1].position) - ours[1]
    #expect((gap * gap).sum() < 1e-12, "\(gap)")
    #expect(!recording.warnings.contains { $0.contains("electrodes.tsv") })

    try folder.write("name\tx\ty\tz\nFz\tleft\t1\t2\n", to: "sub-01/ses-a/eeg/sub-01_ses-a_\(space)electrodes.tsv")
    expectFailure("electrodes.tsv", "row 1: position", "\"left 1 2\"") { _ = try EEGRecording.open(folder.path) }
  }

  @Test func electrodesWithoutAnOrientation() throws {
    try dataset()
    try folder.write("name\tx\ty\tz\nFz\t0\t1\t2\n", to: "\(Self.base)_electrodes.tsv")
    func warnings() throws -> String { try EEGRecording.open(folder.path).warnings.joined(separator: "; ") }
    #expect(try warnings().contains("_electrodes.tsv is not used: no EEGCoordinateSystem in a _coordsystem.json"))
    try folder.write("{\"EEGCoordinateSystem\": \"Other\"}", to: "\(Self.base)_coordsystem.json")
    #expect(try warnings().contains("is not used: coordinate system Other"))
    try folder.write("{\"EEGCoordinateSystem\": \"CTF\"}", to: "\(Self.base)_coordsystem.json")
    #expect(try warnings().contains("its 1 place lie on no head"))
  }

  @Test func severalRecordings() throws {
    try dataset()
    try folder.write([], to: "sub-02/eeg/sub-02_task-look_eeg.bdf")
    #expect(BIDSDataset.recordings(in: folder.path).count == 2)
    expectFailure("expected one recording", "found 2", "sub-02_task-look_eeg.bdf") {
      _ = try EEGRecording.open(folder.path)
    }
  }

  @Test func names() {
    let name = BIDSName("sub-01_task-look_run-1_eeg.EDF")
    #expect(
      name?.entities == ["sub": "01", "task": "look", "run": "1"] && name?.suffix == "eeg" && name?.ending == ".edf")
    #expect(BIDSName("notes.txt")?.suffix == "notes" && BIDSName("sub_eeg.edf") == nil && BIDSName("x") == nil)
  }
}
