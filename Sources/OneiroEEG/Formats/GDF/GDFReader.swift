import OneiroGraph
import OneiroModel

/// Reads GDF 1.x and 2.x.
enum GDFReader {
  static func open(_ file: MappedFile) throws(GraphError) -> EEGRecording {
    try file.withBytes { (bytes) throws(GraphError) in
      try recording(try GDFHeader(bytes, file: file.path), file)
    }
  }

  private static func recording(_ header: GDFHeader, _ file: MappedFile) throws(GraphError) -> EEGRecording {
    var warnings = header.warnings
    // At most 65535 channels of 2^32 samples of 8 bytes: no overflow.
    let recordBytes = header.channels.reduce(0) { $0 + $1.samplesPerRecord * $1.type.byteCount }
    guard recordBytes > 0 else {
      throw .mismatch(file: file.path, "header", expected: "samples in a record", found: "none in any channel")
    }
    let there = (file.bytes.count - header.byteCount) / recordBytes
    let recordCount = header.recordCount == -1 ? there : min(there, header.recordCount)
    if header.recordCount == -1 {
      warnings.append("the header does not say how many records there are; the file has room for \(there)")
    } else if there < header.recordCount {
      warnings.append("the header tells of \(counted(header.recordCount, "record")); the file has \(there)")
    }
    var channels: [EEGChannel] = [], layouts: [SampleLayout] = []
    var offset = header.byteCount
    for channel in header.channels {
      defer { offset += channel.samplesPerRecord * channel.type.byteCount }
      guard channel.samplesPerRecord > 0 else { continue }
      let rate = Double(channel.samplesPerRecord) / header.recordDuration
      let layout = SampleLayout(
        channel.type, start: offset, samplesPerRecord: channel.samplesPerRecord, recordCount: recordCount,
        recordStride: recordBytes, byteCount: file.bytes.count)
      guard let layout, rate.isFinite, rate > 0 else {
        throw .invalid(
          file: file.path, "channel \"\(channel.label)\"",
          "has no samples that can be read: \(channel.samplesPerRecord) in \(header.recordDuration) s")
      }
      var result = EEGChannel(
        label: channel.label, unit: channel.unit, samplingRate: rate, sampleCount: layout.sampleCount,
        scaling: channel.scaling)
      result.transducer = channel.transducer
      channels.append(result)
      layouts.append(layout)
    }
    let duration = Double(recordCount) * header.recordDuration
    guard duration.isFinite else { throw .invalid(file: file.path, "header", "gives a duration that is not finite") }
    // Where records are missing, what follows them is no table of events.
    let end = header.recordCount == recordCount ? header.byteCount + recordCount * recordBytes : file.bytes.count
    let rate = channels.map(\.samplingRate).max() ?? 1
    return EEGRecording(
      source: file.path, format: "GDF \(header.version)", channels: channels, duration: duration,
      startTime: header.startTime, warnings: warnings, storage: .file(file, layouts)
    ) { () throws(GraphError) in
      let table = try file.withBytes { (bytes) throws(GraphError) in
        GDFEvents(UnsafeRawBufferPointer(rebasing: bytes[end...]), header, samplingRate: rate)
      }
      return EEGTimeline(
        segments: [EEGSegment(onset: 0, start: 0, duration: duration)], events: table.events, warnings: table.warnings)
    }
  }
}
