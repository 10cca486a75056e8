/// What happened when: the stretches that were recorded without a gap, and the events.
public struct EEGTimeline: Sendable {
  /// As they are stored. A continuous recording is one segment, a set of trials one each.
  public let segments: [EEGSegment]
  /// In order of their onsets.
  public let events: [EEGEvent]
  /// What was found wrong with them on the way.
  public let warnings: [String]
  /// Whether segments are stored in the order of time, as all but damaged files have them.
  private let isOrdered: Bool

  public init(segments: [EEGSegment], events: [EEGEvent], warnings: [String] = []) {
    self.segments = segments
    isOrdered = zip(segments, segments.dropFirst()).allSatisfy { $0.onset <= $1.onset }
    self.events = events.enumerated().sorted { ($0.element.onset, $0.offset) < ($1.element.onset, $1.offset) }
      .map(\.element)
    self.warnings = warnings
  }

  /// The sample that was taken at a time, or just before it; `nil` in a gap.
  /// - samplingRate: of the channel, in Hz.
  public func sample(at seconds: Double, samplingRate: Double) -> Int? {
    // Half a millionth of a sample: onsets are written as decimals.
    let slack = 5e-7 / samplingRate
    guard seconds.isFinite, let segment = segment(at: seconds + slack) else { return nil }
    let range = segment.samples(at: samplingRate)
    let distance = ((seconds - segment.onset + slack) * samplingRate).rounded(.down)
    return distance < Double(range.count) ? range.lowerBound + Int(distance) : nil
  }

  /// The last segment that begins at a time or before it.
  private func segment(at seconds: Double) -> EEGSegment? {
    guard isOrdered else { return segments.last { $0.onset <= seconds } }
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].onset <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : segments[low - 1]
  }

  /// When a sample was taken, in seconds from the first one; `nil` for a sample that is not there.
  public func time(ofSample index: Int, samplingRate: Double) -> Double? {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].samples(at: samplingRate).upperBound <= index { low = middle + 1 } else { high = middle }
    }
    guard low < segments.count else { return nil }
    let first = segments[low].samples(at: samplingRate).lowerBound
    return index < first ? nil : segments[low].onset + Double(index - first) / samplingRate
  }
}

/// A stretch without a gap.
public struct EEGSegment: Sendable, Equatable {
  /// When it begins, in seconds from the recording's first sample.
  public let onset: Double
  /// Where it begins among the stored samples, in seconds: the onset without the gaps before it.
  public let start: Double
  /// In seconds.
  public let duration: Double

  public init(onset: Double, start: Double, duration: Double) {
    self.onset = onset
    self.start = start
    self.duration = duration
  }

  /// Its samples in a channel.
  public func samples(at samplingRate: Double) -> Range<Int> {
    let first = Int(clamping: (start * samplingRate).rounded())
    return first..<max(first, Int(clamping: ((start + duration) * samplingRate).rounded()))
  }
}

extension Int {
  /// The nearest integer that there is; 0 for NaN.
  init(clamping value: Double) {
    self = Int(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
  }
}
