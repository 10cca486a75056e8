import OneiroGraph
import OneiroModel

/// Recordings in files of plain arrays: `.npy`, `.npz`, `.safetensors`.
///
/// The array is `eeg`, or the only one of floating-point numbers with two or three axes: [channels, samples] or
/// [trials, channels, samples]. Beside it may stand `label` (integers, one a trial) and the sampling rate in Hz as a
/// single number: `sampling_rate`, `sfreq` or `fs`.
enum ArrayReader {
  /// More than any device has; beyond, the axes are most likely the other way round.
  static let mostChannels = 1 << 16

  static func open(_ path: String, samplingRate: Double?) throws(GraphError) -> EEGRecording {
    if path.lowercased().hasSuffix(".npy"), let recording = try NpyRecording.open(path, samplingRate: samplingRate) {
      return recording
    }
    let arrays = try ArrayFile.readAll(path, onlyArray: "eeg")
    let name = try TrialArrayName.find(in: arrays, source: path)
    guard let array = arrays[name] else { preconditionFailure("\(name) was found before") }
    let shape = try shape(array.elementType, array.dims, path, name)
    let trialSize = shape[1] * shape[2]
    let trials = (0..<shape[0]).map {
      TrialArrays.Trial(tensor: CheckpointTensor(array), offset: $0 * trialSize, sampleCount: shape[2])
    }
    var recording = try recording(
      trials, channelCount: shape[1], source: path, format: "array",
      samplingRate: samplingRate ?? rate(in: arrays), labels: labels(in: arrays, count: shape[0]))
    recording.warnings += doubts(shape)
    return recording
  }

  /// [trials, channels, samples].
  static func shape(
    _ type: ElementType, _ dims: [Int], _ path: String, _ name: String?
  ) throws(GraphError) -> [Int] {
    guard type.isFloatingPoint || type.isInteger, [2, 3].contains(dims.count), !dims.contains(0) else {
      throw .mismatch(
        file: path, name, expected: "numbers [channels, samples] or [trials, channels, samples]",
        found: "\(TensorType(type, dims: dims))")
    }
    return dims.count == 2 ? [1] + dims : dims
  }

  static func doubts(_ shape: [Int]) -> [String] {
    guard shape[1] > shape[2] else { return [] }
    return ["more channels (\(shape[1])) than samples (\(shape[2])): are the axes the other way round?"]
  }

  /// - trials: of `channelCount` channels each.
  /// - samplingRate: in Hz; `nil` where nobody knows.
  /// - labels: an event each, with its further columns; empty for none.
  static func recording(
    _ trials: [TrialArrays.Trial], channelCount: Int, source: String, format: String, samplingRate: Double?,
    labels: [(label: String, details: [String: String])]
  ) throws(GraphError) -> EEGRecording {
    guard channelCount <= mostChannels, let arrays = TrialArrays(trials) else {
      throw tooManyChannels(channelCount, source)
    }
    return try recording(
      .arrays(arrays), trialLengths: trials.map(\.sampleCount), channelCount: channelCount, source: source,
      format: format, samplingRate: samplingRate, labels: labels)
  }

  static func tooManyChannels(_ count: Int, _ source: String) -> GraphError {
    .mismatch(
      file: source, "axis of channels", expected: "\(mostChannels) at most", found: "\(count)",
      because: "arrays are [channels, samples]")
  }

  /// - trialLengths: samples of each trial, which the storage holds one after the other.
  static func recording(
    _ storage: SampleStorage, trialLengths: [Int], channelCount: Int, source: String, format: String,
    samplingRate: Double?, labels: [(label: String, details: [String: String])]
  ) throws(GraphError) -> EEGRecording {
    guard samplingRate.map({ $0.isFinite && $0 > 0 }) ?? true else {
      throw .mismatch(file: source, "sampling rate", expected: "more than 0 Hz", found: "\(samplingRate ?? 0)")
    }
    let rate = samplingRate ?? defaultRate
    let sampleCount = trialLengths.reduce(0, +)
    let channels = (0..<channelCount).map {
      EEGChannel(label: "\($0)", unit: "", samplingRate: rate, sampleCount: sampleCount)
    }
    var segments: [EEGSegment] = [], start = 0
    for length in trialLengths {
      segments.append(
        EEGSegment(onset: Double(start) / rate, start: Double(start) / rate, duration: Double(length) / rate))
      start += length
    }
    let events = zip(segments, labels).map { segment, label in
      EEGEvent(
        onset: segment.onset, duration: segment.duration, label: label.label, source: .trial, details: label.details)
    }
    let warnings = samplingRate == nil ? ["no sampling rate: \(Int(defaultRate)) Hz is taken for it"] : []
    let timeline = EEGTimeline(segments: segments, events: events)
    var recording = EEGRecording(
      source: source, format: format, channels: channels, duration: Double(sampleCount) / rate, warnings: warnings,
      storage: storage
    ) { () throws(GraphError) in timeline }
    recording.isSetOfTrials = true
    return recording
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
