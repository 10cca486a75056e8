import OneiroGraph

/// Where trials lie in the segments of a recording, counted in samples of the model's rate.
struct TrialPlaces {
  struct Place {
    /// Of `moments`.
    let trial: Int
    let segment: Int
    /// Of what is read: window and baseline. From the segment's first sample.
    let range: Range<Int>
    /// The parts of it.
    let window: Range<Int>, baseline: Range<Int>?
  }
  /// In the order in which they are stored.
  let places: [Place]
  /// The numbers of those that do not lie in the recording as a whole.
  let outside: [Int]

  /// - counts: samples of each segment, at the model's rate.
  init(
    _ moments: [TrialMoment], _ segments: [EEGSegment], counts: [Int], window: SecondsRange, baseline: SecondsRange?,
    rate: Double
  ) {
    var places: [Place] = [], outside: [Int] = []
    for (trial, moment) in moments.enumerated() {
      let wanted = window.samples(at: rate), base = baseline?.samples(at: rate)
      let first = min(wanted.lowerBound, base?.lowerBound ?? .max),
        last = max(wanted.upperBound, base?.upperBound ?? .min)
      // Onsets are decimals: half a sample is their slack.
      let segment = segments.lastIndex { $0.onset <= moment.onset + 0.5 / rate }
      guard let segment else {
        outside.append(moment.number)
        continue
      }
      let event = Int(clamping: ((moment.onset - segments[segment].onset) * rate).rounded())
      let limit = counts[segment]
      guard event <= limit, event + first >= 0 else {
        outside.append(moment.number)
        continue
      }
      // A stored trial that is shorter gives what it has, as the original takes it.
      let end = moment.duration == nil ? event + last : min(event + last, limit)
      let part = event + wanted.lowerBound..<max(event + wanted.lowerBound, min(event + wanted.upperBound, end))
      guard end <= limit, part.count >= 2, base.map({ event + $0.upperBound <= end }) ?? true else {
        outside.append(moment.number)
        continue
      }
      let start = event + first
      places.append(
        Place(
          trial: trial, segment: segment, range: start..<end,
          window: part.lowerBound - start..<part.upperBound - start,
          baseline: base.map { event + $0.lowerBound - start..<event + $0.upperBound - start }))
    }
    self.places = places.sorted { ($0.segment, $0.range.lowerBound) < ($1.segment, $1.range.lowerBound) }
    self.outside = outside
  }
}
