import OneiroEEG
import OneiroTestSupport
import Testing

@Suite("BrainVision") struct BrainVisionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  static let header = """
    Brain Vision Data Exchange Header File Version 1.0
    ; a remark
    [Common Infos]
    Codepage=UTF-8
    DataFile=rec.eeg
    MarkerFile=rec.vmrk
    DataFormat=BINARY
    DataOrientation=MULTIPLEXED
    NumberOfChannels=2
    SamplingInterval=2000
    [Binary Infos]
    BinaryFormat=INT_16
    [Channel Infos]
    Ch1=Fp1,,0.5,µV
    Ch2=A\\1B,Cz,2,mV
    """
  static let markers = """
    Brain Vision Data Exchange Marker File, Version 1.0
    [Marker Infos]
    Mk1=New Segment,,1,1,0,20260131093005250000
    Mk2=Stimulus,S  5,2,1,0
    Mk3=Comment,well\\1 then,3,2,0
    """
  /// Samples 0, 1, 2 of both channels in turn.
  static let samples: [Int16] = [0, 100, -2, 200, 32767, -32768]

  static func little(_ values: [Int16]) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  private func open(
    _ header: [UInt8] = Array(header.utf8), markers: String = markers, data: [UInt8] = little(samples)
  ) throws -> EEGRecording {
    try folder.write(data, to: "rec.eeg")
    try folder.write(markers, to: "rec.vmrk")
    return try EEGRecording.open(try folder.write(header, to: "rec.vhdr"))
  }

  private func open(replacing old: String, with new: String, data: [UInt8] = little(samples)) throws -> EEGRecording {
    #expect(Self.header.contains(old))
    return try open(Array(Self.header.replacing(old, with: new).utf8), data: data)
  }

  @Test func theUsualForm() throws {
    let recording = try open()
    #expect(recording.format == "BrainVision" && recording.channels.map(\.label) == ["Fp1", "A,B"])
    #expect(recording.channels.map(\.unit) == ["µV", "mV"] && recording.channels[0].samplingRate == 500)
    #expect(recording.channels.map(\.microvoltsPerUnit) == [1, 1000])
    #expect(try recording.samples(0, in: 0..<3) == [0, -1, 16383.5])
    #expect(try recording.samples(1, in: 0..<3) == [200, 400, -65536])
    #expect(recording.startTime?.description == "2026-01-31T09:30:05.25")
    let timeline = try recording.timeline()
    #expect(timeline.segments.count == 1 && timeline.warnings.isEmpty)
    #expect(timeline.events.map(\.label) == ["S  5", "well, then"])
    #expect(timeline.events.map(\.onset) == [0.002, 0.004] && timeline.events.map(\.duration) == [0, 0.004])
    #expect(timeline.events.map { $0.details["type"] } == ["Stimulus", "Comment"])
  }

  @Test func rowsOfFloatsTheOtherWayRound() throws {
    let values: [Float] = [1.5, -2, 0.25, 1e-3, 7, .nan]
    func bytes(_ isBig: Bool) -> [UInt8] {
      values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32(isBig ? 3 - $0 : $0))) }
      }
    }
    for isBig in [false, true] {
      let text = Self.header.replacing("MULTIPLEXED", with: "VECTORIZED").replacing(
        "INT_16", with: "IEEE_FLOAT_32\nUseBigEndianOrder=\(isBig ? "YES" : "NO")")
      let recording = try open(Array(text.utf8), data: bytes(isBig))
      #expect(try recording.samples(0, in: 0..<3) == [0.75, -1, 0.125])
      #expect(try recording.samples(1, in: 0..<2) == [Double(Float(1e-3)) * 2, 14])
      #expect(try recording.samples(1, in: 2..<3)[0].isNaN)
      #expect(try recording.statistics().map(\.notFiniteCount) == [0, 1])
    }
  }

  @Test func latin1() throws {
    let latin = Self.header.unicodeScalars.map { UInt8($0.value) }
    #expect(try open(latin).channels[0].unit == "µV")
  }

  @Test func aRecordingThatWasRenamed() throws {
    try folder.write(Self.little(Self.samples), to: "sub-01_eeg.eeg")
    try folder.write(Self.markers, to: "sub-01_eeg.vmrk")
    let recording = try EEGRecording.open(try folder.write(Self.header, to: "sub-01_eeg.vhdr"))
    #expect(try recording.samples(0, in: 0..<1) == [0])
    #expect(try recording.timeline().events.count == 2)
    #expect(recording.warnings.first == "the header names rec.eeg, which is not there: sub-01_eeg.eeg is taken")
  }

  @Test func whatIsWrongWithAHeader() throws {
    func expect(_ old: String, _ new: String, _ words: String) {
      expectFailure("rec.vhdr", words) { _ = try open(replacing: old, with: new) }
    }
    expect("DataFile=rec.eeg", "DataFile=../rec.eeg", "DataFile: expected the name of a file beside it")
    expect("DataFile=rec.eeg", "Data=rec.eeg", "DataFile: expected the name of a file, found nothing")
    expect("=BINARY", "=ASCII", "DataFormat: expected BINARY, found \"ASCII\"")
    expect("=MULTIPLEXED", "=SIDEWAYS", "DataOrientation")
    expect("=INT_16", "=INT_12", "BinaryFormat")
    expect("Channels=2", "Channels=two", "NumberOfChannels: expected an integer, 1 to 100000, found \"two\"")
    expect("Channels=2", "Channels=3", "Ch3: expected a channel, found nothing")
    expect("Interval=2000", "Interval=0", "SamplingInterval: expected microseconds, more than 0, found \"0\"")
    expect("Interval=2000", "Interval=-5", "SamplingInterval")
    expect(",0.5,", ",zero,", "Ch1: resolution")
    expectFailure("none.dat", "No such file") { _ = try open(replacing: "DataFile=rec.eeg", with: "DataFile=none.dat") }
  }

  @Test func whatIsGotOver() throws {
    #expect(
      try open(data: Self.little(Self.samples) + [1]).warnings == ["rec.eeg: 1 byte of an incomplete sample at its end"]
    )
    let none = try open(replacing: "rec.vmrk", with: "none.vmrk2")
    #expect(none.warnings.first?.contains("no events") == true)
    #expect(try none.timeline().events.isEmpty)
    let odd = try open(markers: "x\n[Marker Infos]\nMk1=Stimulus,S1,first,1,0\nMk2=Stimulus,S2,99,1,0\n").timeline()
    #expect(odd.warnings.contains { $0.contains("marker Mk1 cannot be read") })
    #expect(odd.warnings.contains("1 marker after the last sample"))
  }
}
