import OneiroGraph

/// The header of GDF 1.x and 2.x: https://arxiv.org/abs/cs/0608052
///
///     256 bytes about the recording, 256 bytes a channel (field by field), from 2.0 on tagged texts; records; events
struct GDFHeader {
  /// 1.25, 2.51.
  let version: Double
  let startTime: StartTime?
  let byteCount: Int
  /// -1 where the writer did not say.
  let recordCount: Int
  /// In seconds.
  let recordDuration: Double
  let channels: [GDFChannel]
  /// What the event codes 1 to 254 stand for.
  let descriptions: [String]
  private(set) var warnings: [String] = []

  /// Versions 1.90 to 1.99 are drafts of 2.0, and laid out as that.
  var isFirst: Bool { version < 1.9 }

  static func isGDF(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: Array("GDF ".utf8)) }

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(GraphError) {
    guard bytes.count >= 256 else {
      throw .mismatch(file: file, nil, expected: "a header of GDF, 256 bytes at least", found: "\(bytes.count) bytes")
    }
    let text = HeaderText(bytes: bytes, file: file), fields = BinaryFields(bytes: bytes)
    guard let version = HeaderText.number(text.text(4, 4)), version >= 1, version < 4 else {
      throw .mismatch(file: file, "version of GDF", expected: "1 to 3", found: "\"\(text.text(4, 4))\"")
    }
    self.version = version
    let isFirst = version < 1.9
    let count = Int(fields.uint(252, isFirst ? 4 : 2))
    guard (1...65535).contains(count) else {
      throw .mismatch(file: file, "header: number of channels", expected: "1 to 65535", found: "\(count)")
    }
    // A count of bytes, later one of blocks.
    let length = isFirst ? Int(exactly: fields.uint(184, 8)) ?? .max : Int(fields.uint(184, 2)) * 256
    guard length >= 256 * (count + 1), length <= bytes.count else {
      throw .mismatch(
        file: file, "header: its length", expected: "\(256 * (count + 1)) to \(bytes.count) bytes", found: "\(length)",
        because: "there are \(count) channels in a file of \(bytes.count) bytes")
    }
    byteCount = length
    let records = fields.int64(236)
    guard records >= -1, let recordCount = Int(exactly: records) else {
      throw .mismatch(file: file, "header: number of records", expected: "-1 or more", found: "\(records)")
    }
    self.recordCount = recordCount
    // A fraction of two integers until 2.20.
    recordDuration =
      version > 2.205 ? fields.double(244) : Double(fields.uint(244, 4)) / Double(fields.uint(248, 4))
    guard recordDuration.isFinite, recordDuration > 0 else {
      throw .mismatch(
        file: file, "header: record duration in seconds", expected: "more than 0", found: "\(recordDuration)")
    }
    startTime = isFirst ? Self.writtenTime(text.text(168, 16)) : Self.countedTime(fields.uint(168, 8))
    if startTime == nil { warnings.append("the start of the recording is no date and time") }
    var channels: [GDFChannel] = []
    for number in 0..<count {
      channels.append(try GDFChannel(number, of: count, text, fields, isFirst: isFirst, file: file))
    }
    self.channels = channels
    descriptions =
      isFirst ? [] : Self.descriptions(UnsafeRawBufferPointer(rebasing: bytes[256 * (count + 1)..<length]))
    warnings += channels.flatMap(\.warnings)
  }

  /// "yyyymmddhhmmsscc".
  private static func writtenTime(_ text: String) -> StartTime? {
    let digits = text.utf8.map { Int($0) - 48 }
    guard digits.count >= 14, digits.allSatisfy((0...9).contains) else { return nil }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
    return StartTime(
      year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10), minute: number(10..<12),
      second: Double(number(12..<14)) + (digits.count == 16 ? Double(number(14..<16)) / 100 : 0))
  }

  /// Days since the year 0 in the upper 32 bits, parts of a day in the lower ones.
  private static func countedTime(_ value: UInt64) -> StartTime? {
    guard value != 0 else { return nil }
    // Day 367 is the first of January of the year 1; the calendar repeats after 400 years of 146,097 days.
    var day = Int(value >> 32) - 367
    guard day >= 0, day < 9999 * 366 else { return nil }
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    var year = 1 + day / 146_097 * 400
    day %= 146_097
    while day >= (isLeap(year) ? 366 : 365) {
      day -= isLeap(year) ? 366 : 365
      year += 1
    }
    var month = 1
    for length in [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
      guard day >= length else { break }
      day -= length
      month += 1
    }
    // To the millisecond; 2^-32 of a day is 20 microseconds.
    let milliseconds = Int((Double(value & 0xFFFF_FFFF) / 4_294_967_296 * 86_400_000).rounded())
    let second = Double(milliseconds % 60_000) / 1000
    return StartTime(
      year: year, month: month, day: day + 1, hour: min(23, milliseconds / 3_600_000),
      minute: milliseconds / 60_000 % 60, second: second)
  }

  /// Tag 1 of the texts behind the channels: one description a code, from code 0 on, zeros between them.
  private static func descriptions(_ bytes: UnsafeRawBufferPointer) -> [String] {
    let fields = BinaryFields(bytes: bytes)
    var at = 0
    while at + 4 <= bytes.count, bytes[at] != 0 {
      let tag = bytes[at], length = Int(fields.uint(at + 1, 3))
      guard length <= bytes.count - at - 4 else { return [] }
      if tag == 1 {
        return bytes[at + 4..<at + 4 + length].split(separator: 0, omittingEmptySubsequences: false).map {
          HeaderText.decode(UnsafeRawBufferPointer(rebasing: $0))
        }
      }
      at += 4 + length
    }
    return []
  }
}
