import OneiroGraph

/// The table of events behind the records of a GDF file:
///
///     mode 1 byte, count and sampling rate 7 bytes, positions n x uint32, codes n x uint16,
///     in mode 3 also channels n x uint16 and durations n x uint32
struct GDFEvents {
  private(set) var events: [EEGEvent] = []
  private(set) var warnings: [String] = []

  /// - bytes: all that follows the records.
  /// - samplingRate: of the recording, for tables that name none.
  init(_ bytes: UnsafeRawBufferPointer, _ header: GDFHeader, samplingRate: Double) {
    guard bytes.count >= 8 else {
      if !bytes.isEmpty { warnings.append("the table of events is cut off after \(counted(bytes.count, "byte"))") }
      return
    }
    let fields = BinaryFields(bytes: bytes), mode = bytes[0]
    // The older table has the rate in front of a wider count.
    let usesFirst = header.version < 1.94
    var count = Int(usesFirst ? fields.uint(4, 4) : fields.uint(1, 3))
    let told = usesFirst ? Double(fields.uint(1, 3)) : Double(fields.float(4))
    let rate = told > 0 && told.isFinite ? told : samplingRate
    let hasDurations = mode & 2 != 0
    let size = hasDurations ? 12 : 6
    if count > (bytes.count - 8) / size {
      warnings.append("the table of events tells of \(count); there is room for \((bytes.count - 8) / size)")
      // Columns follow each other, so that a cut table has lost whole columns.
      if bytes.count - 8 < count * 6 { count = 0 }
    }
    let isWhole = bytes.count - 8 >= count * size
    let codes = 8 + 4 * count, durations = codes + 4 * count
    var open: [Int: Int] = [:]
    for index in 0..<count {
      let position = Int(fields.uint(8 + 4 * index, 4)), code = Int(fields.uint(codes + 2 * index, 2))
      let onset = Double(max(0, position - 1)) / rate
      if !hasDurations, code & 0x8000 != 0, let begin = open.removeValue(forKey: code & 0x7FFF) {
        // In mode 1 the upper bit marks the end of what began before.
        events[begin].duration = max(0, onset - events[begin].onset)
        continue
      }
      let duration = hasDurations && isWhole ? Double(fields.uint(durations + 4 * index, 4)) / rate : 0
      open[code] = events.count
      let name = header.descriptions.indices.contains(code) && code > 0 ? header.descriptions[code] : ""
      events.append(
        EEGEvent(
          onset: onset, duration: duration, label: name.isEmpty ? "\(code)" : name, source: .marker,
          details: name.isEmpty ? [:] : ["code": "\(code)"]))
    }
  }
}
