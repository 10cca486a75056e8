import OneiroGraph

/// Looks at what is going to be read of each channel of EEG, for those that cannot be used.
struct ChannelSurvey {
  /// Why, by the channel's number.
  private(set) var unusable: [Int: String] = [:]

  private static let blockLength = 1 << 14

  init(
    _ recording: EEGRecording, _ channels: [Int], _ segments: [EEGSegment], _ places: [TrialPlaces.Place],
    _ filters: [Double: ChannelFilter]
  ) throws(GraphError) {
    for channel in channels where recording.channels[channel].isBad { unusable[channel] = "marked as bad" }
    for (rate, group) in Dictionary(grouping: channels, by: { recording.channels[$0].samplingRate }) {
      guard let filter = filters[rate] else { continue }
      var limits = group.map { _ in (low: Double.infinity, high: -Double.infinity, isFinite: true, count: 0) }
      for range in Self.ranges(recording, group[0], segments, places, filter) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockLength) {
          let block = start..<min(start + Self.blockLength, range.upperBound)
          try recording.read(group, in: block).withElements(of: Double.self) { values in
            for row in group.indices {
              for value in values[row * block.count..<(row + 1) * block.count] {
                limits[row].low = min(limits[row].low, value)
                limits[row].high = max(limits[row].high, value)
                if !value.isFinite { limits[row].isFinite = false }
              }
              limits[row].count += block.count
            }
          }
        }
      }
      for (row, channel) in group.enumerated() where unusable[channel] == nil {
        if !limits[row].isFinite {
          unusable[channel] = "not a finite number everywhere"
        } else if limits[row].count > 1, limits[row].low == limits[row].high {
          unusable[channel] = "flat"
        }
      }
    }
  }

  /// What is read of a channel, each sample once.
  private static func ranges(
    _ recording: EEGRecording, _ channel: Int, _ segments: [EEGSegment], _ places: [TrialPlaces.Place],
    _ filter: ChannelFilter
  ) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for place in places {
      let whole = recording.samples(of: segments[place.segment], channel)
      let needed = filter.needed(for: place.range, of: whole.count).samples
      let range = whole.lowerBound + needed.lowerBound..<whole.lowerBound + needed.upperBound
      if let last = ranges.last, last.upperBound >= range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
    return ranges
  }
}
