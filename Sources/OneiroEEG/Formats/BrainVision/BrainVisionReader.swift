import OneiroGraph
import OneiroModel

/// Reads BrainVision recordings: a header file, which names the data file and the marker file beside it.
enum BrainVisionReader {
  static func open(_ file: MappedFile) throws(GraphError) -> EEGRecording {
    let header = try file.withBytes { (bytes) throws(GraphError) in try BrainVisionHeader(bytes, file: file.path) }
    var warnings: [String] = []
    let data = try MappedFile(try SiblingFile.path(header.dataFile, of: file.path, "DataFile", &warnings))
    let channelCount = header.channels.count, width = header.type.byteCount
    let (sampleCount, rest) = data.bytes.count.quotientAndRemainder(dividingBy: channelCount * width)
    if rest > 0 { warnings.append("\(header.dataFile): \(counted(rest, "byte")) of an incomplete sample at its end") }
    if let told = header.sampleCount, told != sampleCount {
      warnings.append("the header tells of \(told) samples; \(header.dataFile) has \(sampleCount)")
    }
    var channels: [EEGChannel] = [], layouts: [SampleLayout] = []
    for (index, channel) in header.channels.enumerated() {
      let layout = SampleLayout(
        header.type, isBigEndian: header.isBigEndian,
        start: header.isVectorized ? index * sampleCount * width : index * width, samplesPerRecord: sampleCount,
        sampleStride: header.isVectorized ? width : channelCount * width, byteCount: data.bytes.count)
      guard let layout, let scaling = Scaling.factor(channel.resolution) else {
        throw .invalid(file: file.path, "channel \"\(channel.label)\"", "has samples outside of \(header.dataFile)")
      }
      channels.append(
        EEGChannel(
          label: channel.label, unit: channel.unit, samplingRate: header.samplingRate, sampleCount: sampleCount,
          scaling: scaling))
      layouts.append(layout)
    }
    var markers: MappedFile?
    if let name = header.markerFile {
      let path = try SiblingFile.path(name, of: file.path, "MarkerFile", &warnings)
      do throws(GraphError) { markers = try MappedFile(path) } catch {
        warnings.append("no events, as the marker file cannot be read: \(error)")
      }
    }
    let rate = header.samplingRate, duration = Double(sampleCount) / rate
    let list = try markers?.withBytes { (bytes) throws(GraphError) in BrainVisionMarkers(bytes) }
    var recording = EEGRecording(
      source: file.path, format: "BrainVision", channels: channels, duration: duration, startTime: list?.start,
      warnings: warnings, storage: .file(data, layouts)
    ) { () throws(GraphError) in
      Self.timeline(list, sampleCount: sampleCount, rate: rate, file: file.path)
    }
    recording.files += [data.path] + (markers.map { [$0.path] } ?? [])
    return recording
  }

  /// Segments begin where the markers say so.
  private static func timeline(
    _ list: BrainVisionMarkers?, sampleCount: Int, rate: Double, file: String
  ) -> EEGTimeline {
    var warnings = list?.warnings ?? []
    let markers = list?.markers ?? []
    let outside = markers.filter { $0.position >= sampleCount }.count
    if outside > 0 { warnings.append("\(counted(outside, "marker")) after the last sample") }
    let events = markers.filter { $0.type != "New Segment" }.map { marker in
      EEGEvent(
        onset: Double(marker.position) / rate, duration: marker.length > 1 ? Double(marker.length) / rate : 0,
        label: marker.description.isEmpty ? marker.type : marker.description, source: .marker,
        details: ["type": marker.type])
    }
    let starts = Set([0] + markers.filter { $0.type == "New Segment" && $0.position < sampleCount }.map(\.position))
      .sorted()
    // How long the gap was is known only from clocks in the markers: segments stand one after the other.
    let segments = zip(starts, starts.dropFirst() + [sampleCount]).map { start, end in
      EEGSegment(onset: Double(start) / rate, start: Double(start) / rate, duration: Double(end - start) / rate)
    }
    return EEGTimeline(segments: segments, events: events, warnings: warnings)
  }
}
