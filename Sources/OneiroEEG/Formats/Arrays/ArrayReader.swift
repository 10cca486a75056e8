import OneiroGraph
import OneiroModel

/// Recordings in files of plain arrays: `.npy`, `.npz`, `.safetensors`.
///
/// The array is `eeg`, or the only one of floating-point numbers with two or three axes: [channels, samples] or
/// [trials, channels, samples]. Beside it may stand `label` (integers, one a trial) and the sampling rate in Hz as a single
/// number: `sampling_rate`, `sfreq` or `fs`.
enum ArrayReader {
  /// More than any device has; beyond, the axes are most likely the other way round.
  static let mostChannels = 1 << 16

  static func open(_ path: String, samplingRate: Double?) throws(GraphError) -> EEGRecording {
    let arrays = try ArrayFile.readAll(path, onlyArray: "eeg")
    let name = try TrialArrayName.find(in: arrays, source: path)
    guard let array = arrays[name] else { preconditionFailure("\(name) was found before") }
    guard array.elementType.isFloatingPoint || array.elementType.isInteger, [2, 3].contains(array.rank),
      !array.dims.contains(0)
    else {
      throw .mismatch(
        file: path, name, expected: "numbers [channels, samples] or [trials, channels, samples]",
        found: "\(TensorType(array.elementType, dims: array.dims))")
    }
    let shape = array.rank == 2 ? [1] + array.dims : array.dims
    let trialSize = shape[1] * shape[2]
    let trials = (0..<shape[0]).map {
      TrialArrays.Trial(tensor: CheckpointTensor(array), offset: $0 * trialSize, sampleCount: shape[2])
    }
    var recording = try recording(
      trials, channelCount: shape[1], source: path, format: "array",
      samplingRate: samplingRate ?? rate(in: arrays), labels: labels(in: arrays, count: shape[0]))
    if shape[1] > shape[2] {
      recording.warnings.append(
        "more channels (\(shape[1])) than samples (\(shape[2])): are the axes the other way round?")
    }
    return recording
  }

  /// - trials: of `channelCount` channels each.
  /// - samplingRate: in Hz; `nil` where nobody knows.
  /// - labels: an event each, with its further columns; empty for none.
  static func recording(
    _ trials: [TrialArrays.Trial], channelCount: Int, source: String, format: String, samplingRate: Double?,
    labels: [(label: String, details: [String: String])]
  ) throws(GraphError) -> EEGRecording {
    guard channelCount <= mostChannels, let arrays = TrialArrays(trials) else {
      throw .mismatch(
        file: source, "axis of channels", expected: "\(mostChannels) at most", found: "\(channelCount)",
        because: "arrays are [channels, samples]")
    }
    guard samplingRate.map({ $0.isFinite && $0 > 0 }) ?? true else {
      throw .mismatch(file: source, "sampling rate", expected: "more than 0 Hz", found: "\(samplingRate ?? 0)")
    }
    let rate = samplingRate ?? defaultRate
    let channels = (0..<channelCount).map {
      EEGChannel(label: "\($0)", unit: "", samplingRate: rate, sampleCount: arrays.sampleCount)
    }
    let segments = zip(trials, arrays.starts).map { trial, start in
      EEGSegment(onset: Double(start) / rate, start: Double(start) / rate, duration: Double(trial.sampleCount) / rate)
    }
    let events = zip(segments, labels).map { segment, label in
      EEGEvent(
        onset: segment.onset, duration: segment.duration, label: label.label, source: .trial, details: label.details)
    }
    let warnings = samplingRate == nil ? ["no sampling rate: \(Int(defaultRate)) Hz is taken for it"] : []
    let timeline = EEGTimeline(segments: segments, events: events)
    return EEGRecording(
      source: source, format: format, channels: channels, duration: Double(arrays.sampleCount) / rate,
      warnings: warnings, storage: .arrays(arrays)
    ) { () throws(GraphError) in timeline }
  }

  /// Hz: that of the data that the networks were published with.
  static let defaultRate = 1000.0

  private static func rate(in arrays: [String: Tensor]) -> Double? {
    for name in ["sampling_rate", "sfreq", "fs"] {
      if let array = arrays[name], array.count == 1, array.elementType != .string { return array.doubles()[0] }
    }
    return nil
  }

  private static func labels(in arrays: [String: Tensor], count: Int) -> [(label: String, details: [String: String])] {
    guard let labels = arrays["label"], labels.elementType.isInteger, labels.dims == [count] else { return [] }
    return labels.int64s().map { ("\($0)", [:]) }
  }
}
