import OneiroGraph

/// The header of EDF, EDF+, BDF and BDF+: https://www.edfplus.info/specs/edf.html,
/// https://www.edfplus.info/specs/edfplus.html, https://www.biosemi.com/faq/file_format.htm
///
///     256 bytes about the recording, 256 bytes a signal (a field of all signals, then the next field), records
struct EDFHeader {
  let kind: Kind
  /// Whether it is EDF+ or BDF+, and whether such a file has gaps between its records.
  let isPlus: Bool
  let isDiscontinuous: Bool
  let startTime: StartTime?
  let byteCount: Int
  /// -1 where the writer did not say.
  let recordCount: Int
  /// In seconds.
  let recordDuration: Double
  let signals: [EDFSignal]
  private(set) var warnings: [String] = []

  /// 16 bits a sample, or 24.
  enum Kind: String, Sendable {
    case edf = "EDF"
    case bdf = "BDF"
    var sampleType: SampleType { self == .edf ? .int16 : .int24 }
    var annotationLabel: String { "\(rawValue) Annotations" }
    var digitalRange: ClosedRange<Int> { self == .edf ? -32768...32767 : -8_388_608...8_388_607 }

    init?(_ bytes: UnsafeRawBufferPointer) {
      if bytes.starts(with: Array("0       ".utf8)) {
        self = .edf
      } else if bytes.starts(with: [0xFF] + Array("BIOSEMI".utf8)) {
        self = .bdf
      } else {
        return nil
      }
    }
  }

  var format: String { kind.rawValue + (isPlus ? "+" : "") + (isDiscontinuous ? "D" : "") }

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(GraphError) {
    guard bytes.count >= 256, let kind = Kind(bytes) else {
      throw .mismatch(
        file: file, nil, expected: "a header of EDF or BDF, 256 bytes at least", found: "\(bytes.count) bytes")
    }
    self.kind = kind
    let header = HeaderText(bytes: bytes, file: file)
    let reserved = header.text(192, 44)
    isPlus = reserved.hasPrefix(kind.rawValue + "+")
    isDiscontinuous = isPlus && reserved.dropFirst(4).hasPrefix("D")
    recordCount = try header.integer(236, 8, "number of records", in: -1...Int.max)
    recordDuration = try header.number(244, 8, "record duration in seconds")
    let signalCount = try header.integer(252, 4, "number of signals", in: 1...9999)
    byteCount = try header.integer(184, 8, "bytes of the header", in: 0...Int.max)
    guard byteCount == 256 * (signalCount + 1) else {
      throw .mismatch(
        file: file, "header: bytes of the header", expected: "\(256 * (signalCount + 1))", found: "\(byteCount)",
        because: "there are \(signalCount) signals")
    }
    guard bytes.count >= byteCount else {
      throw .mismatch(
        file: file, "header", expected: "\(byteCount) bytes", found: "\(bytes.count)",
        because: "there are \(signalCount) signals")
    }
    startTime = Self.startTime(header)
    if startTime == nil {
      warnings.append("the start \"\(header.text(168, 8)) \(header.text(176, 8))\" is no date and time")
    }
    var signals: [EDFSignal] = []
    for number in 0..<signalCount { signals.append(try EDFSignal(number, of: signalCount, header, kind)) }
    self.signals = signals
    warnings += signals.flatMap(\.warnings)
    let hasSamples = signals.contains { !$0.isAnnotation && $0.samplesPerRecord > 0 }
    guard recordDuration > 0 || (recordDuration == 0 && !hasSamples) else {
      throw .mismatch(
        file: file, "header: record duration in seconds (bytes 244 to 251)", expected: "more than 0",
        found: header.text(244, 8), because: "sampling rates are samples in a record by its duration")
    }
  }

  /// "dd.mm.yy" and "hh.mm.ss". Years are 1985 to 2084; EDF+ has the full one in "Startdate 02-MAR-2002".
  private static func startTime(_ header: HeaderText) -> StartTime? {
    func numbers(_ offset: Int) -> [Int]? {
      let parts = header.text(offset, 8).split { !$0.isNumber }.map { Int($0) }
      return parts.count == 3 && !parts.contains(nil) ? parts.compactMap { $0 } : nil
    }
    guard let date = numbers(168), let time = numbers(176), (0...99).contains(date[2]) else { return nil }
    let words = header.text(88, 80).split(separator: " ")
    let full =
      words.count > 1 && words[0] == "Startdate" ? words[1].split(separator: "-").last.flatMap { Int($0) } : nil
    return StartTime(
      year: full ?? date[2] + (date[2] >= 85 ? 1900 : 2000), month: date[1], day: date[0], hour: time[0],
      minute: time[1], second: Double(time[2]))
  }
}
