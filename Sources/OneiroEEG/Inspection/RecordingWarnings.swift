import OneiroGraph

extension EEGRecording {
  /// What somebody should know before using the recording, a sentence each: of the file, its channels, its events.
  /// - statistics: of all channels, where they were looked at.
  public func findings(_ timeline: EEGTimeline, _ statistics: [ChannelStatistics]?) -> [String] {
    var findings = warnings + timeline.warnings
    func name(_ what: String, _ matching: (EEGChannel) -> Bool) {
      let labels = channels.filter(matching).map(\.label)
      if !labels.isEmpty { findings.append("\(what): \(Self.list(labels))") }
    }
    name("marked as bad") { $0.isBad }
    name("no unit") { $0.unit.isEmpty && $0.kind != .trigger }
    // Arrays have numbers for names.
    name("on no known place of the head") {
      $0.kind == .eeg && Int($0.label) == nil && ElectrodeName.standard($0.label) == nil
    }
    let twice = Dictionary(grouping: channels, by: \.label).filter { $0.value.count > 1 }.keys.sorted()
    if !twice.isEmpty { findings.append("labels that several channels have: \(Self.list(twice))") }
    if timeline.segments.count > 1, timeline.events.first?.source != .trial {
      findings.append("recorded in \(timeline.segments.count) pieces, with gaps")
    }
    if timeline.events.isEmpty { findings.append("no events") }
    for (channel, values) in zip(channels, statistics ?? []) {
      if values.notFiniteCount > 0 {
        findings.append("channel \(channel.label): \(counted(values.notFiniteCount, "sample")) without a finite number")
      }
      if values.clippedCount > 0 {
        findings.append(
          "channel \(channel.label): \(values.clippedCount) samples at the ends of its range, in runs: clipped")
      }
    }
    let flat = zip(channels, statistics ?? []).filter { $0.kind != .trigger && $1.isFlat }.map(\.0.label)
    if !flat.isEmpty { findings.append("flat: \(Self.list(flat))") }
    return findings
  }

  private static func list(_ labels: [String]) -> String {
    let shown = labels.prefix(8).joined(separator: ", ")
    return labels.count <= 8 ? shown : "\(shown) and \(labels.count - 8) more"
  }
}
