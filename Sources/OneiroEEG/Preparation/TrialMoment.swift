import OneiroGraph

/// When a trial was.
public struct TrialMoment: Sendable, Equatable {
  /// Its number among those that were asked for, in the order of time or of the file.
  public let number: Int
  /// Seconds from the recording's first sample, gaps included: when the picture appeared.
  public let onset: Double
  /// What the event is called; empty where nobody says.
  public let label: String
  public let details: [String: String]
  /// Seconds that are stored of it, where the recording is a set of trials: what lies behind them is another trial.
  public let duration: Double?
}

/// Which moments of a recording are trials.
public enum TrialChoice: Sendable, Equatable {
  /// Events of these labels.
  case events([String])
  case everyEvent
  /// In seconds from the first sample.
  case onsets([Double])
  /// The trials that a set of trials holds.
  case stored
}

extension EEGRecording {
  /// - choice: `nil` for the stored trials of a set; other recordings have to be told which events are trials.
  public func moments(_ choice: TrialChoice?, in timeline: EEGTimeline) throws(GraphError) -> [TrialMoment] {
    switch choice {
    case .onsets(let seconds):
      return seconds.enumerated().map {
        TrialMoment(number: $0.offset, onset: $0.element, label: "", details: [:], duration: nil)
      }
    case .stored: return stored(timeline)
    case nil where isSetOfTrials: return stored(timeline)
    case nil:
      guard !timeline.events.isEmpty else { throw noEvents() }
      throw .mismatch(
        file: source, "events", expected: "the labels of those that are trials (--event), or all",
        found: Self.summary(timeline.events))
    case .everyEvent:
      guard !timeline.events.isEmpty else { throw noEvents() }
      return Self.moments(timeline.events)
    case .events(let labels):
      guard !timeline.events.isEmpty else { throw noEvents() }
      let wanted = Set(labels.map(Self.key))
      let found = timeline.events.filter { !wanted.isDisjoint(with: Self.keys($0)) }
      for label in labels where !timeline.events.contains(where: { Self.keys($0).contains(Self.key(label)) }) {
        throw .mismatch(
          file: source, "event", expected: Self.summary(timeline.events), found: "\"\(label)\"")
      }
      return Self.moments(found)
    }
  }

  private func noEvents() -> GraphError {
    .mismatch(
      file: source, "events", expected: "some that tell when the trials were (or --onset with their seconds)",
      found: "none")
  }

  private func stored(_ timeline: EEGTimeline) -> [TrialMoment] {
    let events = Dictionary(timeline.events.filter { $0.source == .trial }.map { ($0.onset, $0) }) { first, _ in first }
    return timeline.segments.enumerated().map { number, segment in
      let event = events[segment.onset]
      return TrialMoment(
        number: number, onset: segment.onset, label: event?.label ?? "", details: event?.details ?? [:],
        duration: segment.duration)
    }
  }

  private static func moments(_ events: [EEGEvent]) -> [TrialMoment] {
    events.enumerated().map {
      TrialMoment(
        number: $0.offset, onset: $0.element.onset, label: $0.element.label, details: $0.element.details, duration: nil)
    }
  }

  /// What an event may be called: its label, the number of a marker such as "S  5", the value of a table's row.
  private static func keys(_ event: EEGEvent) -> Set<String> {
    let label = key(event.label)
    var keys: Set = [label]
    if event.source == .marker, label.count > 1, label.first?.isLetter == true, let number = Int(label.dropFirst()) {
      keys.insert("\(number)")
    }
    if let value = event.details["value"] { keys.insert(key(value)) }
    return keys
  }

  private static func key(_ label: String) -> String { label.filter { !$0.isWhitespace } }

  /// "40 events: circle 4, square 4, ..."
  private static func summary(_ events: [EEGEvent]) -> String {
    var counts: [(label: String, count: Int)] = []
    for event in events {
      if let index = counts.firstIndex(where: { $0.label == event.label }) {
        counts[index].count += 1
      } else if counts.count < 12 {
        counts.append((event.label, 1))
      }
    }
    let known = counts.reduce(0) { $0 + $1.count }
    return counts.map { "\($0.label) (\($0.count))" }.joined(separator: ", ")
      + (known < events.count ? " and \(events.count - known) others" : "")
  }
}
