import OneiroEEG
import OneiroTestSupport
import Testing

@Suite("GDF") struct GDFTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  static func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
  }
  static func number(_ value: Double) -> [UInt8] { number(value.bitPattern) }
  static func number(_ value: Float) -> [UInt8] { number(value.bitPattern) }

  /// Two records of half a second: 2 samples of int16 "C3", 1 of 24 bits "C4", 2 of float32 "EOG" in each; two events.
  static func file(first: Bool) -> [UInt8] {
    var bytes = padded(first ? "GDF 1.25" : "GDF 2.20", 8) + [UInt8](repeating: 0, count: 160)
    // 2026-01-31, 06:00: a quarter of day 740013.
    bytes +=
      first ? padded("2026013106000050", 16) : number(UInt64(740_013) << 32 + UInt64(1) << 30) + number(UInt64(0))
    bytes += first ? number(Int64(1024)) : number(UInt16(4)) + [UInt8](repeating: 0, count: 6)
    bytes += [UInt8](repeating: 0, count: 44)
    bytes += number(Int64(2)) + number(UInt32(1)) + number(UInt32(2))
    bytes += first ? number(UInt32(3)) : number(UInt16(3)) + number(UInt16(0))
    for label in ["C3", "C4", "EOG"] { bytes += padded(label, 16) }
    bytes += [UInt8](repeating: 0x20, count: 3 * 80)
    if first {
      for unit in ["uV", "uV", "mV"] { bytes += padded(unit, 8) }
    } else {
      bytes += [UInt8](repeating: 0, count: 18) + number(UInt16(4275)) + number(UInt16(4275)) + number(UInt16(4274))
    }
    for value in [-1000, -8_388_608, 0.0] { bytes += number(value) }
    for value in [1000, 8_388_607, 1.0] { bytes += number(value) }
    for value in [-2000, -8_388_608, 0] { bytes += first ? number(Int64(value)) : number(Double(value)) }
    for value in [2000, 8_388_607, 1] { bytes += first ? number(Int64(value)) : number(Double(value)) }
    bytes += [UInt8](repeating: 0, count: 3 * 80)
    for count: UInt32 in [2, 1, 2] { bytes += number(count) }
    for type: UInt32 in [3, 279, 16] { bytes += number(type) }
    bytes += [UInt8](repeating: 0, count: 3 * 32)
    precondition(bytes.count == 1024)
    bytes += number(Int16(-2000)) + number(Int16(1)) + [0xFF, 0xFF, 0xFF] + number(Float(0.5)) + number(Float(-2))
    bytes += number(Int16(2000)) + number(Int16(0)) + [1, 0, 0x80] + number(Float(1)) + number(Float.infinity)
    // Mode 3, two events at 4 Hz: 769 at the second sample for 2, 770 at the fourth.
    bytes += [3] + (first ? [4, 0, 0] + number(UInt32(2)) : [2, 0, 0] + number(Float(4)))
    bytes += number(UInt32(2)) + number(UInt32(4)) + number(UInt16(769)) + number(UInt16(770))
    return bytes + number(UInt16(0)) + number(UInt16(0)) + number(UInt32(2)) + number(UInt32(0))
  }

  @Test(arguments: [true, false]) func aFileByHand(first: Bool) throws {
    let recording = try EEGRecording.open(try folder.write(Self.file(first: first), to: "a.gdf"))
    #expect(recording.format == (first ? "GDF 1.25" : "GDF 2.2") && recording.duration == 1)
    #expect(recording.startTime?.description == (first ? "2026-01-31T06:00:00.5" : "2026-01-31T06:00:00"))
    #expect(recording.channels.map(\.label) == ["C3", "C4", "EOG"])
    #expect(recording.channels.map(\.unit) == ["uV", "uV", "mV"])
    #expect(recording.channels.map(\.samplingRate) == [4, 2, 4])
    #expect(try recording.samples(0, in: 0..<4) == [-1000, 0.5, 1000, 0])
    #expect(try recording.samples(1, in: 0..<2) == [-1, -8_388_607])
    #expect(try recording.samples(2, in: 0..<4) == [0.5, -2, 1, .infinity])
    let events = try recording.timeline().events
    #expect(events.map(\.label) == ["769", "770"] && events.map(\.onset) == [0.25, 0.75])
    #expect(events.map(\.duration) == [0.5, 0])
  }

  @Test func whatIsWrong() throws {
    func open(_ offset: Int, _ bytes: [UInt8], first: Bool = false) throws -> EEGRecording {
      var file = Self.file(first: first)
      file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return try EEGRecording.open(try folder.write(file, to: "a.gdf"))
    }
    expectFailure("a.gdf", "version of GDF", "\"9.99\"") { _ = try open(4, Array("9.99".utf8)) }
    expectFailure("number of channels", "found 0") { _ = try open(252, [0, 0]) }
    expectFailure("its length", "expected 1280 to", "4 channels") { _ = try open(252, [4, 0]) }
    expectFailure("number of records", "-5") { _ = try open(236, Self.number(Int64(-5))) }
    expectFailure("record duration", "more than 0") { _ = try open(244, Self.number(UInt32(0))) }
    expectFailure("record duration") { _ = try open(248, Self.number(UInt32(0))) }
    expectFailure("channel 1 \"C3\": type of its samples", "found 99") {
      _ = try open(256 + 220 * 3, Self.number(UInt32(99)))
    }
    expectFailure("a.gdf", "256 bytes at least") {
      _ = try EEGRecording.open(try folder.write(Self.file(first: true).prefix(100), to: "a.gdf"))
    }
    #expect(try open(236, Self.number(Int64(9))).warnings.contains("the header tells of 9 records; the file has 4"))
  }
}
