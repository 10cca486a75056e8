import OneiroGraph
import OneiroModel

/// Reads EDF, EDF+, BDF and BDF+.
enum EDFReader {
  static func open(_ file: MappedFile) throws(GraphError) -> EEGRecording {
    try file.withBytes { (bytes) throws(GraphError) in
      let header = try EDFHeader(bytes, file: file.path)
      return try recording(header, file)
    }
  }

  private static func recording(_ header: EDFHeader, _ file: MappedFile) throws(GraphError) -> EEGRecording {
    var warnings = header.warnings
    let width = header.kind.sampleType.byteCount
    var recordBytes = 0
    for signal in header.signals {
      let (size, overflow) = signal.samplesPerRecord.multipliedReportingOverflow(by: width)
      let (sum, overflow2) = recordBytes.addingReportingOverflow(size)
      guard !overflow, !overflow2 else {
        throw .invalid(file: file.path, "header", "asks for records of more bytes than can be counted")
      }
      recordBytes = sum
    }
    guard recordBytes > 0 else {
      throw .mismatch(file: file.path, "header", expected: "samples in a record", found: "none in any signal")
    }
    let recordCount = Self.recordCount(header, recordBytes, file.bytes.count, &warnings)

    var channels: [EEGChannel] = [], layouts: [SampleLayout] = [], annotations: [SampleLayout] = []
    var offset = header.byteCount
    for signal in header.signals {
      defer { offset += signal.samplesPerRecord * width }
      guard signal.samplesPerRecord > 0 else { continue }
      let layout = SampleLayout(
        signal.isAnnotation ? .uint8 : header.kind.sampleType, start: offset,
        samplesPerRecord: signal.isAnnotation ? signal.samplesPerRecord * width : signal.samplesPerRecord,
        recordCount: recordCount, recordStride: recordBytes, byteCount: file.bytes.count)
      guard let layout else {
        throw .invalid(file: file.path, "signal \"\(signal.label)\"", "has samples outside of the file")
      }
      if signal.isAnnotation {
        annotations.append(layout)
        continue
      }
      let rate = Double(signal.samplesPerRecord) / header.recordDuration
      guard rate.isFinite, rate > 0 else {
        throw .mismatch(
          file: file.path, "signal \"\(signal.label)\"", expected: "a sampling rate above 0", found: "\(rate) Hz",
          because: "there are \(signal.samplesPerRecord) samples in \(header.recordDuration) s")
      }
      var channel = EEGChannel(
        label: signal.label, unit: signal.unit, samplingRate: rate, sampleCount: layout.sampleCount,
        scaling: signal.scaling)
      channel.transducer = signal.transducer
      channel.prefiltering = signal.prefiltering
      if header.kind == .bdf, signal.label.lowercased() == "status" { channel.kind = .trigger }
      channels.append(channel)
      layouts.append(layout)
    }

    let duration = Double(recordCount) * header.recordDuration
    guard duration.isFinite else {
      throw .invalid(file: file.path, "header", "gives a duration that is no finite number")
    }
    let scan = EDFScan(
      file: file, annotations: header.isPlus ? annotations : [], recordCount: recordCount,
      recordDuration: header.recordDuration, isDiscontinuous: header.isDiscontinuous,
      sampleInterval: channels.map { 1 / $0.samplingRate }.min() ?? 0)
    var startTime = header.startTime
    // The header counts whole seconds; the first record has the rest.
    if let first = scan.firstOnset, first > 0, first < 1 { startTime?.second += first }
    let status = layouts.indices.filter { header.kind == .bdf && channels[$0].kind == .trigger }
    var recording = EEGRecording(
      source: file.path, format: header.format, channels: channels, duration: duration, startTime: startTime,
      warnings: warnings, storage: .file(file, layouts)
    ) { () throws(GraphError) in scan.timeline() }
    if !status.isEmpty { recording.addTriggers(of: status, mask: 0xFFFF) }
    return recording
  }

  /// How many whole records there are, which is what can be read.
  private static func recordCount(
    _ header: EDFHeader, _ recordBytes: Int, _ byteCount: Int, _ warnings: inout [String]
  ) -> Int {
    let (there, rest) = (byteCount - header.byteCount).quotientAndRemainder(dividingBy: recordBytes)
    let wanted = header.recordCount
    if wanted == -1 {
      warnings.append("the header does not say how many records there are; the file has \(there)")
    } else if there < wanted {
      warnings.append("the header tells of \(counted(wanted, "record")); the file has \(there)")
    }
    if rest > 0 && (wanted == -1 || there < wanted) {
      warnings.append("the last record is cut off after \(rest) of \(recordBytes) bytes, and is left out")
    } else if wanted >= 0, there > wanted || (there == wanted && rest > 0) {
      let more = (there - wanted) * recordBytes + rest
      warnings.append("\(counted(more, "byte")) behind the \(counted(wanted, "record")) that the header tells of")
    }
    return wanted == -1 ? there : min(there, wanted)
  }
}
