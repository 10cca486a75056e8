import OneiroGraph

extension EEGRecording {
  /// All of a channel, filtered, in its unit: each segment for itself, since a filter must not run over a gap.
  /// - segments: of the timeline.
  public func filtered(
    _ channel: Int, _ segments: [EEGSegment], _ filter: ChannelFilter
  ) throws(GraphError) -> [Double] {
    var result: [Double] = []
    for segment in segments {
      let range = samples(of: segment, channel)
      if range.isEmpty { continue }
      try checkLength(range.count, channel, segment, filter)
      result += filter(try samples(channel, in: range))
    }
    return result
  }

  /// A segment's samples in a channel, those that there are.
  func samples(of segment: EEGSegment, _ channel: Int) -> Range<Int> {
    let count = channels[channel].sampleCount
    return segment.samples(at: channels[channel].samplingRate).clamped(to: 0..<count)
  }

  /// Samples that are filtered at once at most: 2 GB as Double.
  private static let longestStretch = 1 << 28

  func checkLength(_ count: Int, _ channel: Int, _ segment: EEGSegment, _ filter: ChannelFilter) throws(GraphError) {
    guard count >= filter.minimumCount else {
      throw .mismatch(
        file: source, "channel \"\(channels[channel].label)\": stretch from \(segment.onset) s",
        expected: "\(filter.minimumCount) samples or more, to be filtered", found: "\(count)")
    }
    guard filter.count(of: count) <= Self.longestStretch else {
      throw .mismatch(
        file: source, "channel \"\(channels[channel].label)\": stretch from \(segment.onset) s",
        expected: "\(Self.longestStretch) samples at most, after resampling", found: "\(filter.count(of: count))")
    }
  }
}
