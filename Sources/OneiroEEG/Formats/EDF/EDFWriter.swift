import Foundation
import OneiroGraph
import OneiroModel

/// Writes EDF, EDF+, BDF and BDF+ files: what is measured, when, and a closure that gives the samples record by record.
public struct EDFWriter: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case edf, edfPlus, bdf, bdfPlus
    /// The extremes of 16 or 24 bits.
    public var digitalRange: ClosedRange<Int> { header.digitalRange }
    /// Whether annotations can be in it.
    public var isPlus: Bool { self == .edfPlus || self == .bdfPlus }
    var header: EDFHeader.Kind { self == .edf || self == .edfPlus ? .edf : .bdf }
  }

  public struct Signal: Sendable {
    public var label: String
    public var unit: String
    public var samplesPerRecord: Int
    public var scaling: Scaling
    public var transducer = ""
    public var prefiltering = ""

    public init(label: String, unit: String, samplesPerRecord: Int, scaling: Scaling) {
      self.label = label
      self.unit = unit
      self.samplesPerRecord = samplesPerRecord
      self.scaling = scaling
    }
  }

  public var kind: Kind
  public var signals: [Signal]
  public var startTime = StartTime(year: 2000, month: 1, day: 1, hour: 0, minute: 0, second: 0)!
  /// In seconds.
  public var recordDuration: Double
  /// When each record begins, in seconds; `nil` for one directly after the other.
  public var recordOnsets: [Double]?
  /// Only EDF+ and BDF+ hold them.
  public var annotations: [EEGEvent] = []
  /// How many signals the annotations are spread over.
  public var annotationSignalCount = 1
  /// What is said about the recording, up to 80 characters; EDF+ asks for a form of its own, which is made.
  public var remark = ""

  public init(_ kind: Kind, signals: [Signal], recordDuration: Double) {
    self.kind = kind
    self.signals = signals
    self.recordDuration = recordDuration
  }

  /// Writes the file, which appears when it is complete.
  /// - samples: of a record, for each signal `samplesPerRecord` numbers in its unit.
  public func write(
    to path: String, recordCount: Int, samples: (_ record: Int) throws(GraphError) -> [[Double]]
  ) throws(GraphError) {
    precondition(recordOnsets == nil || recordOnsets?.count == recordCount)
    let lists = kind.isPlus ? annotationLists(recordCount) : []
    let width = kind.header.sampleType.byteCount
    // The size of an annotation signal is the same in all records, in whole samples.
    let sizes = (0..<(kind.isPlus ? annotationSignalCount : 0)).map { number in
      ((lists.map { $0[number].count }.max() ?? 0) + width) / width
    }
    var file = try AtomicFile(path)
    try file.write(try header(recordCount, annotationSizes: sizes, path))
    for record in 0..<recordCount {
      var bytes: [UInt8] = []
      for (signal, values) in zip(signals, try samples(record)) {
        precondition(values.count == signal.samplesPerRecord)
        for value in values {
          let digital = Int(clamping: signal.scaling.digital(value.isNaN ? signal.scaling.physicalMinimum : value))
          for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: digital >> (8 * byte))) }
        }
      }
      for (number, size) in sizes.enumerated() {
        let list = lists[record][number]
        bytes += list + [UInt8](repeating: 0, count: size * width - list.count)
      }
      try file.write(bytes)
    }
    try file.commit()
  }

  // MARK: - Header

  private func header(_ recordCount: Int, annotationSizes: [Int], _ path: String) throws(GraphError) -> [UInt8] {
    let count = signals.count + annotationSizes.count
    var bytes: [UInt8] = kind.header == .edf ? Array("0       ".utf8) : [0xFF] + Array("BIOSEMI".utf8)
    func field(_ text: String, _ width: Int, _ what: String) throws(GraphError) {
      let text = Array(text.utf8.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") })
      guard text.count <= width else {
        throw .mismatch(
          file: path, what, expected: "text of \(width) characters at most",
          found: "\"\(String(decoding: text, as: UTF8.self))\"")
      }
      bytes += text + [UInt8](repeating: 0x20, count: width - text.count)
    }
    let start = startTime
    try field(kind.isPlus ? "X X X X" : "", 80, "patient")
    let month = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"][start.month - 1]
    let date = "\(String(format: "%02d", start.day))-\(month)-\(String(format: "%04d", start.year))"
    let words = remark.replacing(" ", with: "_")
    try field(kind.isPlus ? "Startdate \(date) X X \(words.isEmpty ? "X" : words)" : remark, 80, "remark")
    try field(String(format: "%02d.%02d.%02d", start.day, start.month, start.year % 100), 8, "date")
    try field(String(format: "%02d.%02d.%02d", start.hour, start.minute, Int(start.second)), 8, "time")
    try field("\(256 * (count + 1))", 8, "bytes of the header")
    let continuity = recordOnsets == nil ? "C" : "D"
    try field(
      kind.isPlus ? "\(kind.header.rawValue)+\(continuity)" : kind.header == .bdf ? "24BIT" : "", 44, "kind of file")
    try field("\(recordCount)", 8, "number of records")
    try field(Self.decimal(recordDuration), 8, "record duration")
    try field("\(count)", 4, "number of signals")

    let range = kind.digitalRange
    let annotation = Signal(
      label: kind.header.annotationLabel, unit: "", samplesPerRecord: 0,
      scaling: Scaling(
        digital: (Double(range.lowerBound), Double(range.upperBound)), physical: (-1, 1))!)
    let all =
      signals
      + annotationSizes.map { size in
        var signal = annotation
        signal.samplesPerRecord = size
        return signal
      }
    for signal in all { try field(signal.label, 16, "label") }
    for signal in all { try field(signal.transducer, 80, "transducer of \(signal.label)") }
    for signal in all { try field(signal.unit, 8, "unit of \(signal.label)") }
    for signal in all {
      try field(Self.decimal(signal.scaling.physicalMinimum), 8, "physical minimum of \(signal.label)")
    }
    for signal in all {
      try field(Self.decimal(signal.scaling.physicalMaximum), 8, "physical maximum of \(signal.label)")
    }
    for signal in all {
      try field(Self.decimal(signal.scaling.digitalMinimum), 8, "digital minimum of \(signal.label)")
    }
    for signal in all {
      try field(Self.decimal(signal.scaling.digitalMaximum), 8, "digital maximum of \(signal.label)")
    }
    for signal in all { try field(signal.prefiltering, 80, "prefiltering of \(signal.label)") }
    for signal in all { try field("\(signal.samplesPerRecord)", 8, "samples in a record of \(signal.label)") }
    for _ in all { try field("", 32, "reserved") }
    return bytes
  }

  // MARK: - Annotations

  /// For each record the bytes of each annotation signal.
  private func annotationLists(_ recordCount: Int) -> [[[UInt8]]] {
    let onsets = recordOnsets ?? (0..<recordCount).map { Double($0) * recordDuration }
    var lists = onsets.map { onset in
      (0..<annotationSignalCount).map { $0 == 0 ? Self.list(onset, nil, "") : [] }
    }
    for (number, event) in annotations.enumerated() where recordCount > 0 {
      let record = onsets.lastIndex { $0 <= event.onset } ?? 0
      lists[record][number % annotationSignalCount] += Self.list(
        event.onset, event.duration > 0 ? event.duration : nil, event.label)
    }
    return lists
  }

  private static func list(_ onset: Double, _ duration: Double?, _ text: String) -> [UInt8] {
    let stamp = (onset < 0 ? "" : "+") + decimal(onset) + (duration.map { "\u{15}\(decimal($0))" } ?? "")
    return Array(stamp.utf8) + [0x14] + text.utf8.filter { $0 >= 0x20 } + [0x14, 0]
  }

  /// Decimals without an exponent, as many as say something.
  private static func decimal(_ value: Double) -> String {
    let digits = String(format: "%.7f", value)
    let short = digits.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return value == value.rounded() ? String(format: "%.0f", value) : String(short.reversed())
  }
}
