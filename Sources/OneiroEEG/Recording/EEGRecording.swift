import OneiroGraph
import OneiroModel

/// A recording in a file of any format: what it says about itself, and its samples, which are read by window. Opening
/// reads the header alone, so files may be larger than the memory.
public struct EEGRecording: Sendable {
  /// What messages call it: its path.
  public let source: String
  /// Everything that it is read from.
  public internal(set) var files: [String]
  /// "EDF+", "BrainVision": for people.
  public let format: String
  public var channels: [EEGChannel]
  /// Seconds of stored samples, gaps left out.
  public let duration: Double
  public var startTime: StartTime?
  /// Of the mains where it was recorded, in Hz, and what the electrodes are measured against: where somebody says so.
  public var mainsFrequency: Double?
  public var reference: String?
  /// What is wrong with the file and was got over. See also `EEGTimeline.warnings`.
  public var warnings: [String]
  /// Whether it is a set of trials (arrays, a dataset, a folder of windows) and not one long recording.
  public internal(set) var isSetOfTrials = false
  let storage: SampleStorage
  /// Reads what is spread over the file: segments and events.
  var scan: @Sendable () throws(GraphError) -> EEGTimeline

  init(
    source: String, format: String, channels: [EEGChannel], duration: Double, startTime: StartTime? = nil,
    warnings: [String] = [], storage: SampleStorage, scan: @escaping @Sendable () throws(GraphError) -> EEGTimeline
  ) {
    self.source = source
    files = [source]
    self.format = format
    self.channels = channels
    self.duration = duration
    self.startTime = startTime
    self.warnings = warnings
    self.storage = storage
    self.scan = scan
  }

  /// Segments and events. Of EDF+ and of files with a trigger channel, this looks at every record.
  public func timeline() throws(GraphError) -> EEGTimeline { try scan() }

  /// Samples of one channel, in its unit.
  public func samples(_ channel: Int, in range: Range<Int>) throws(GraphError) -> [Double] {
    try check(channel, range)
    var failure: GraphError?
    let samples = [Double](unsafeUninitializedCapacity: range.count) { memory, count in
      do throws(GraphError) {
        try storage.read([channel], range, channels, into: UnsafeMutableBufferPointer(rebasing: memory[..<range.count]))
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return samples
  }

  /// The same window of several channels, each in its unit, float64 [channels, samples]. They must have the same
  /// sampling rate for that to mean the same time.
  public func read(_ channels: [Int], in range: Range<Int>) throws(GraphError) -> Tensor {
    for channel in channels { try check(channel, range) }
    return try Tensor(Double.self, dims: [channels.count, range.count]) { (memory) throws(GraphError) in
      try storage.read(channels, range, self.channels, into: memory)
    }
  }

  /// The numbers as they are stored, before scaling.
  func digital(_ channel: Int, in range: Range<Int>) throws(GraphError) -> [Double] {
    var copy = self
    copy.channels[channel] = EEGChannel(
      label: "", unit: "", samplingRate: channels[channel].samplingRate, sampleCount: channels[channel].sampleCount)
    return try copy.samples(channel, in: range)
  }

  private func check(_ channel: Int, _ range: Range<Int>) throws(GraphError) {
    guard channels.indices.contains(channel) else {
      throw .mismatch(
        file: source, "channel", expected: channels.isEmpty ? "none" : "0 to \(channels.count - 1)", found: "\(channel)"
      )
    }
    guard range.lowerBound >= 0, range.upperBound <= channels[channel].sampleCount else {
      throw .mismatch(
        file: source, "samples of channel \"\(channels[channel].label)\"",
        expected: "a range in 0..<\(channels[channel].sampleCount)", found: "\(range)")
    }
  }
}
