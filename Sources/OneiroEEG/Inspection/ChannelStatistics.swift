import OneiroGraph

/// What the samples of one channel are like, in its unit.
public struct ChannelStatistics: Sendable, Equatable {
  /// Of the finite samples; NaN where there are none.
  public private(set) var minimum = Double.infinity, maximum = -Double.infinity
  public private(set) var mean = 0.0, standardDeviation = 0.0
  public private(set) var count = 0
  public private(set) var notFiniteCount = 0
  /// Samples at the ends of what the channel can express, in runs of three and more.
  public private(set) var clippedCount = 0

  public var isFlat: Bool { count > 1 && minimum == maximum }

  private var squares = 0.0
  private var run = 0

  init() {}

  /// Takes in the next samples. Mean and deviation by Welford's method, over blocks: sums of squares lose digits where
  /// the mean is large.
  /// - limits: the smallest and the largest number that the channel can express, where it has such.
  mutating func add(_ samples: UnsafeBufferPointer<Double>, limits: ClosedRange<Double>?) {
    var finite = 0, sum = 0.0, (low, high) = (Double.infinity, -Double.infinity)
    for value in samples {
      if !value.isFinite { continue }
      finite += 1
      sum += value
      low = min(low, value)
      high = max(high, value)
    }
    notFiniteCount += samples.count - finite
    guard finite > 0 else { return }
    let average = sum / Double(finite)
    var spread = 0.0
    for value in samples where value.isFinite { spread += (value - average) * (value - average) }
    let total = count + finite, distance = average - mean
    squares += spread + distance * distance * Double(count) * Double(finite) / Double(total)
    mean += distance * Double(finite) / Double(total)
    count = total
    minimum = min(minimum, low)
    maximum = max(maximum, high)
    standardDeviation = (squares / Double(total)).squareRoot()
    guard let limits, low <= limits.lowerBound || high >= limits.upperBound else {
      run = 0
      return
    }
    for value in samples {
      let isAtLimit = value <= limits.lowerBound || value >= limits.upperBound
      run = isAtLimit ? run + 1 : 0
      // One sample may touch the limit by chance.
      clippedCount += run == 3 ? 3 : run > 3 ? 1 : 0
    }
  }
}

extension EEGRecording {
  /// Goes through all samples, a window at a time.
  /// - progress: how many samples of how many have been read, of all channels together.
  public func statistics(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(GraphError) -> [ChannelStatistics] {
    var result = channels.map { _ in ChannelStatistics() }
    let total = channels.reduce(0) { $0.addingReportingOverflow($1.sampleCount).partialValue }
    var done = 0
    // Channels of one rate together: they lie side by side.
    for group in Dictionary(grouping: channels.indices, by: { channels[$0].sampleCount }).sorted(by: { $0.key < $1.key }
    ) {
      let length = max(1, (1 << 20) / group.value.count)
      for start in stride(from: 0, to: group.key, by: length) {
        let range = start..<min(start + length, group.key)
        try read(group.value, in: range).withElements(of: Double.self) { samples in
          for (row, channel) in group.value.enumerated() {
            result[channel].add(
              UnsafeBufferPointer(rebasing: samples[row * range.count..<(row + 1) * range.count]),
              limits: limits(of: channel))
          }
        }
        done += group.value.count * range.count
        progress(done, total)
      }
    }
    return result
  }

  /// What a channel with a scaling from file can express. A trigger rests at 0, which may be its end.
  private func limits(of channel: Int) -> ClosedRange<Double>? {
    let scaling = channels[channel].scaling
    guard scaling.digitalMaximum - scaling.digitalMinimum > 1, channels[channel].kind != .trigger else { return nil }
    let ends = [scaling.physical(scaling.digitalMinimum), scaling.physical(scaling.digitalMaximum)].sorted()
    return ends[0]...ends[1]
  }
}
