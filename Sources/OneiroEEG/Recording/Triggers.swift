import OneiroGraph

extension EEGRecording {
  /// Makes events of trigger channels: one wherever the number changes to another one than 0. It lasts until the number
  /// changes again.
  /// - mask: the bits that count; in BioSemi's status channel the upper 8 tell about the amplifier.
  mutating func addTriggers(of indices: [Int], mask: Int) {
    let whole = self
    scan = { () throws(GraphError) in
      let timeline = try whole.timeline()
      var events = timeline.events
      for index in indices { events += try whole.triggers(of: index, mask, timeline) }
      return EEGTimeline(segments: timeline.segments, events: events, warnings: timeline.warnings)
    }
  }

  private func triggers(of channel: Int, _ mask: Int, _ timeline: EEGTimeline) throws(GraphError) -> [EEGEvent] {
    let rate = channels[channel].samplingRate, count = channels[channel].sampleCount
    var runs: [(code: Int, range: Range<Int>)] = []
    var previous = 0, start = 0
    for first in stride(from: 0, to: count, by: Self.windowLength) {
      let window = first..<min(first + Self.windowLength, count)
      for (offset, value) in try digital(channel, in: window).enumerated() {
        let code = Int(clamping: value) & mask
        guard code != previous else { continue }
        if previous != 0 { runs.append((previous, start..<first + offset)) }
        (previous, start) = (code, first + offset)
      }
    }
    if previous != 0 { runs.append((previous, start..<count)) }
    return runs.map { run in
      EEGEvent(
        onset: timeline.time(ofSample: run.range.lowerBound, samplingRate: rate) ?? Double(run.range.lowerBound) / rate,
        duration: Double(run.range.count) / rate, label: "\(run.code)", source: .trigger)
    }
  }

  /// Samples that are looked at together.
  private static let windowLength = 1 << 16
}
