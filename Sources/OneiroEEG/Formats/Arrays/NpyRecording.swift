import OneiroGraph
import OneiroModel

/// A recording in a `.npy` file, of whatever order of axes and bytes: samples are read where they lie.
enum NpyRecording {
  /// - Returns: `nil` for elements that no layout reads.
  static func open(_ path: String, samplingRate: Double?) throws(GraphError) -> EEGRecording? {
    let file = try MappedFile(path), place = try NpyFile.place(in: file)
    let shape = try ArrayReader.shape(place.type, place.dims, path, nil)
    guard let type = SampleType(place.type) else { return nil }
    let (trials, channels, samples) = (shape[0], shape[1], shape[2])
    guard channels <= ArrayReader.mostChannels else { throw ArrayReader.tooManyChannels(channels, path) }
    // Elements from a trial, a channel and a sample to the next. Their product was counted with the header.
    let steps = place.isColumnMajor ? (1, trials, trials * channels) : (channels * samples, samples, 1)
    let layouts = (0..<channels).compactMap { channel in
      SampleLayout(
        type, isBigEndian: place.isBigEndian, start: place.start + channel * steps.1 * type.byteCount,
        samplesPerRecord: samples, recordCount: trials, recordStride: steps.0 * type.byteCount,
        sampleStride: steps.2 * type.byteCount, byteCount: file.bytes.count)
    }
    guard layouts.count == channels else { throw .invalid(file: path, nil, "has samples outside of the file") }
    var recording = try ArrayReader.recording(
      .file(file, layouts), trialLengths: Array(repeating: samples, count: trials), channelCount: channels,
      source: path, format: "array", samplingRate: samplingRate, labels: [])
    recording.warnings += ArrayReader.doubts(shape)
    return recording
  }
}
