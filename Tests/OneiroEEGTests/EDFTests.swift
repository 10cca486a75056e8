import OneiroEEG
import OneiroGraph
import OneiroTestSupport
import Testing

@Suite("EDF, EDF+, BDF and BDF+") struct EDFTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Two records of one second: 4 samples of "Fp1" and 2 of "Temp" in each, by hand.
  private func byHand(reserved: String = "", records: String = "2", duration: String = "1") -> [UInt8] {
    var bytes = padded("0", 8) + padded("patient", 80) + padded("lab", 80) + padded("24.12.99", 8)
    bytes += padded("23.59.58", 8) + padded("768", 8) + padded(reserved, 44) + padded(records, 8)
    bytes += padded(duration, 8) + padded("2", 4)
    bytes += padded("EEG Fp1-REF", 16) + padded("Temp", 16) + padded("AgAgCl", 80) + padded("", 80)
    bytes += padded("uV", 8) + padded("degC", 8) + padded("-3276.8", 8) + padded("30", 8)
    bytes += padded("3276.7", 8) + padded("40", 8) + padded("-32768", 8) + padded("0", 8)
    bytes += padded("32767", 8) + padded("1000", 8) + padded("HP:0.1Hz", 80) + padded("", 80)
    bytes += padded("4", 8) + padded("2", 8) + padded("", 32) + padded("", 32)
    for sample: [Int16] in [[0, 1, -1, 32767], [0, 500], [-32768, 10, 20, 30], [1000, 250]] {
      for value in sample { bytes += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
    }
    return bytes
  }

  @Test func aFileByHand() throws {
    let recording = try EEGRecording.open(try folder.write(byHand(), to: "a.edf"))
    #expect(recording.format == "EDF" && recording.duration == 2)
    #expect(recording.startTime?.description == "1999-12-24T23:59:58")
    #expect(recording.channels.map(\.label) == ["EEG Fp1-REF", "Temp"])
    #expect(recording.channels.map(\.unit) == ["uV", "degC"])
    #expect(recording.channels.map(\.kind) == [.eeg, .other])
    #expect(recording.channels.map(\.samplingRate) == [4, 2])
    #expect(recording.channels.map(\.sampleCount) == [8, 4])
    #expect(recording.channels[0].transducer == "AgAgCl" && recording.channels[0].prefiltering == "HP:0.1Hz")
    let digital = [0, 1, -1, 32767, -32768, 10, 20, 30] as [Double]
    #expect(
      try recording.samples(0, in: 0..<8) == digital.map { ($0 + 32768) * (3276.7 + 3276.8) / 65535 - 3276.8 })
    #expect(try recording.samples(1, in: 0..<4) == [30, 35, 40, 32.5])
    #expect(try recording.samples(0, in: 3..<6) == Array(try recording.samples(0, in: 0..<8)[3..<6]))
    #expect(recording.warnings.isEmpty)
    let timeline = try recording.timeline()
    #expect(timeline.segments == [EEGSegment(onset: 0, start: 0, duration: 2)] && timeline.events.isEmpty)
  }

  @Test func windowsOutsideAreRefused() throws {
    let recording = try EEGRecording.open(try folder.write(byHand(), to: "a.edf"))
    expectFailure("a.edf", "EEG Fp1-REF", "0..<8", "7..<9") { _ = try recording.samples(0, in: 7..<9) }
    expectFailure("channel", "0 to 1", "2") { _ = try recording.read([0, 2], in: 0..<1) }
    expectFailure("0..<4") { _ = try recording.read([0, 1], in: 0..<8) }
  }

  @Test(arguments: EDFWriter.Kind.allCases) func whatIsWrittenReadsBack(kind: EDFWriter.Kind) throws {
    let range = kind.digitalRange
    let scaling = Scaling(
      digital: (Double(range.lowerBound), Double(range.upperBound)), physical: (-1000, 1000))!
    var writer = EDFWriter(
      kind,
      signals: [
        .init(label: "Cz", unit: "uV", samplesPerRecord: 5, scaling: scaling),
        .init(label: "Pz", unit: "mV", samplesPerRecord: 3, scaling: scaling),
      ], recordDuration: 0.5)
    writer.startTime = StartTime(year: 2031, month: 2, day: 3, hour: 4, minute: 5, second: 6)!
    writer.annotations = [
      EEGEvent(onset: 0.75, duration: 0.125, label: "Ohm's law is U = R·I", source: .annotation),
      EEGEvent(onset: 0.25, label: "start", source: .annotation),
    ]
    let values = (0..<4).map { record in
      [(0..<5).map { Double(record * 100 - $0) * 1.7 }, [-1000, 999.9, Double(record)]]
    }
    try writer.write(to: folder.file("a"), recordCount: 4) { values[$0] }
    let recording = try EEGRecording.open(folder.file("a"))
    #expect(recording.startTime?.description == "2031-02-03T04:05:06")
    #expect(recording.channels.map(\.samplingRate) == [10, 6] && recording.duration == 2)
    let step = 2000 / Double(range.upperBound - range.lowerBound)
    for channel in 0..<2 {
      let read = try recording.samples(channel, in: 0..<recording.channels[channel].sampleCount)
      let written = values.flatMap { $0[channel] }
      #expect(zip(read, written).allSatisfy { abs($0 - $1) <= step * 0.5001 })
    }
    let events = try recording.timeline().events
    guard kind.isPlus else { return #expect(events.isEmpty) }
    #expect(events.map(\.label) == ["start", "Ohm's law is U = R·I"])
    #expect(events.map(\.onset) == [0.25, 0.75] && events.map(\.duration) == [0, 0.125])
    #expect(events.allSatisfy { $0.source == .annotation })
  }

  @Test func twentyFourBitsKeepTheirSign() throws {
    let scaling = Scaling(digital: (-8_388_608, 8_388_607), physical: (-8_388_608, 8_388_607))!
    let writer = EDFWriter(
      .bdf, signals: [.init(label: "A1", unit: "uV", samplesPerRecord: 6, scaling: scaling)], recordDuration: 1)
    let values: [Double] = [-8_388_608, -1, 0, 1, 8_388_607, -65537]
    try writer.write(to: folder.file("a.bdf"), recordCount: 1) { _ in [values] }
    #expect(try EEGRecording.open(folder.file("a.bdf")).samples(0, in: 0..<6) == values)
  }

  @Test func gapsAndSeveralAnnotationSignals() throws {
    let scaling = Scaling(digital: (-32768, 32767), physical: (-100, 100))!
    var writer = EDFWriter(
      .edfPlus, signals: [.init(label: "Cz", unit: "uV", samplesPerRecord: 4, scaling: scaling)], recordDuration: 1)
    writer.recordOnsets = [0.5, 1.5, 10.5, 11.5, 20.25]
    writer.annotationSignalCount = 3
    writer.annotations = (0..<7).map { EEGEvent(onset: 0.5 + Double($0) * 3, label: "e\($0)", source: .annotation) }
    try writer.write(to: folder.file("a.edf"), recordCount: 5) { record in
      [[Double](repeating: Double(record), count: 4)]
    }
    let recording = try EEGRecording.open(folder.file("a.edf"))
    #expect(recording.format == "EDF+D" && recording.channels.count == 1)
    #expect(recording.startTime?.second == 0.5)
    let timeline = try recording.timeline()
    #expect(
      timeline.segments == [
        EEGSegment(onset: 0, start: 0, duration: 2), EEGSegment(onset: 10, start: 2, duration: 2),
        EEGSegment(onset: 19.75, start: 4, duration: 1),
      ])
    #expect(timeline.events.map(\.label) == (0..<7).map { "e\($0)" })
    #expect(timeline.events.map(\.onset) == (0..<7).map { Double($0) * 3 })
    #expect(timeline.segments.map { $0.samples(at: 4) } == [0..<8, 8..<16, 16..<20])
    #expect(timeline.sample(at: 10.3, samplingRate: 4) == 9)
    #expect(timeline.sample(at: 5, samplingRate: 4) == nil && timeline.sample(at: 1e300, samplingRate: 4) == nil)
    #expect(timeline.time(ofSample: 17, samplingRate: 4) == 20 && timeline.time(ofSample: 20, samplingRate: 4) == nil)
  }

  @Test func theStatusChannelIsEvents() throws {
    let signals = ["Fz", "Status"].map { label in
      EDFWriter.Signal(
        label: label, unit: label == "Fz" ? "uV" : "Boolean", samplesPerRecord: 8,
        scaling: Scaling(digital: (-8_388_608, 8_388_607), physical: (-8_388_608, 8_388_607))!)
    }
    // The upper byte is the amplifier's own.
    let codes: [Double] = [0, 5, 5, 0, 7, 9, 0, 65535].map { $0 - 8_388_608 + 0x100000 }
    try EDFWriter(.bdf, signals: signals, recordDuration: 2).write(to: folder.file("a.bdf"), recordCount: 1) { _ in
      [[Double](repeating: 1, count: 8), codes]
    }
    let events = try EEGRecording.open(folder.file("a.bdf")).timeline().events
    #expect(events.map(\.label) == ["5", "7", "9", "65535"])
    #expect(events.map(\.onset) == [0.25, 1, 1.25, 1.75] && events.map(\.duration) == [0.5, 0.25, 0.25, 0.25])
    #expect(events.allSatisfy { $0.source == .trigger })
  }

  @Test func truncatedAndPaddedFiles() throws {
    func warnings(_ bytes: [UInt8]) throws -> (String, [Int]) {
      let recording = try EEGRecording.open(try folder.write(bytes, to: "a.edf"))
      for (index, channel) in recording.channels.enumerated() {
        _ = try recording.samples(index, in: 0..<channel.sampleCount)
      }
      return (recording.warnings.joined(separator: "; "), recording.channels.map(\.sampleCount))
    }
    let (cut, counts) = try warnings(Array(byHand().dropLast(3)))
    #expect(
      cut.contains("2 records; the file has 1") && cut.contains("cut off after 9 of 12 bytes") && counts == [4, 2])
    #expect(try warnings(byHand(records: "-1")).0.contains("does not say how many records"))
    #expect(try warnings(byHand(records: "1")).0 == "12 bytes behind the 1 record that the header tells of")
    #expect(try warnings(byHand() + [1, 2, 3]).0 == "3 bytes behind the 2 records that the header tells of")
    #expect(try warnings(Array(byHand().prefix(768))).1 == [0, 0])
  }

  @Test func fieldsThatAreNoNumbers() throws {
    func open(_ offset: Int, _ width: Int, _ text: String) throws {
      _ = try EEGRecording.open(try folder.write(byHand().replacing(offset, width, with: text), to: "a.edf"))
    }
    expectFailure("a.edf", "number of records (bytes 236 to 243)", "expected an integer", "\"many\"") {
      try open(236, 8, "many")
    }
    expectFailure("record duration", "expected more than 0", "found 0") { try open(244, 8, "0") }
    expectFailure("record duration", "expected more than 0", "found -1") { try open(244, 8, "-1") }
    expectFailure("record duration", "expected a number", "\"nan\"") { try open(244, 8, "nan") }
    expectFailure("number of signals", "1 to 9999", "\"0\"") { try open(252, 4, "0") }
    expectFailure("bytes of the header", "expected 1024", "found 768", "3 signals") { try open(252, 4, "3") }
    expectFailure("signal 1 \"EEG Fp1-REF\": physical minimum", "expected a number", "\"low\"") {
      try open(256 + 208, 8, "low")
    }
    expectFailure("signal 2 \"Temp\": samples in a record", "\"-4\"") { try open(256 + 440, 8, "-4") }
    expectFailure("a.edf", "expected", "768 bytes", "found 500") {
      _ = try EEGRecording.open(try folder.write(byHand().prefix(500), to: "a.edf"))
    }
  }

  @Test func whatCanBeGotOverIsSaid() throws {
    func warnings(_ offset: Int, _ width: Int, _ text: String) throws -> String {
      try EEGRecording.open(try folder.write(byHand().replacing(offset, width, with: text), to: "a.edf")).warnings
        .joined(separator: "; ")
    }
    #expect(try warnings(168, 8, "31.13.99").contains("the start \"31.13.99 23.59.58\" is no date and time"))
    #expect(try warnings(256 + 208, 8, "3276.7").contains("signal 1 \"EEG Fp1-REF\": no scaling"))
    #expect(try warnings(256 + 208, 8, "-3276,8").isEmpty)
    #expect(try warnings(256 + 440, 8, "0").contains("signal 2 \"Temp\": has no samples"))
  }
}
