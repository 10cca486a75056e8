import Foundation
import OneiroEEG
import OneiroGraph
import OneiroRuntime

/// What `oneiro eeg info` says of a recording, for people and for programs.
struct EEGInfoReport {
  let recording: EEGRecording
  let timeline: EEGTimeline
  let statistics: [ChannelStatistics]?

  /// Rows of a table beyond which a table is cut.
  private static let longest = 40

  var lines: [String] {
    var lines = ["\(recording.source): \(recording.format), \(summary)"]
    if let start = recording.startTime { lines.append("recorded \(start), local time") }
    lines += [""] + channelTable.lines
    lines += [""] + eventLines
    let findings = recording.findings(timeline, statistics)
    if !findings.isEmpty { lines += [""] + findings.map { "warning: \($0)" } }
    return lines
  }

  private var summary: String {
    let count = recording.channels.count
    let rates = Set(recording.channels.map(\.samplingRate)).sorted().map { "\(Self.text($0)) Hz" }
    let pieces = timeline.segments.count == 1 ? "" : " in \(timeline.segments.count) pieces"
    return
      "\(counted(count, "channel"))\(rates.isEmpty ? "" : " at \(rates.joined(separator: ", "))"), "
      + "\(String(format: "%.8g", recording.duration)) s\(pieces)"
  }

  private var channelTable: TextTable {
    var table = TextTable(
      [.right("#"), .left("channel"), .left("kind"), .right("Hz"), .left("unit")]
        + (statistics == nil ? [] : [.right("min"), .right("max"), .right("mean"), .right("std")]) + [.left("")])
    for (index, channel) in recording.channels.enumerated().prefix(Self.longest) {
      let values = statistics.map { $0[index] }.map { values in
        values.count == 0
          ? ["-", "-", "-", "-"]
          : [values.minimum, values.maximum, values.mean, values.standardDeviation].map(Self.text)
      }
      let remark = (channel.isBad ? ["bad"] : []) + (channel.remark.isEmpty ? [] : [channel.remark])
      table.add(
        [
          "\(index)", Self.printable(channel.label, 16), channel.kind.rawValue, Self.text(channel.samplingRate),
          Self.printable(channel.unit, 8),
        ] + (values ?? []) + [Self.printable(remark.joined(separator: ": "), 20)])
    }
    if recording.channels.count > Self.longest {
      table.add(
        ["", "and \(recording.channels.count - Self.longest) more", "", "", ""]
          + (statistics == nil ? [] : ["", "", "", ""])
          + [""])
    }
    return table
  }

  private var eventLines: [String] {
    guard !timeline.events.isEmpty else { return ["no events"] }
    var table = TextTable([.left("event"), .left("from"), .right("count"), .right("first, s"), .right("last, s")])
    let groups = Self.groups(timeline.events)
    for group in groups.prefix(Self.longest) {
      table.add([
        Self.printable(group.label, 40), group.source.rawValue, "\(group.count)", Self.text(group.first),
        Self.text(group.last),
      ])
    }
    return table.lines + (groups.count > Self.longest ? ["and \(groups.count - Self.longest) more labels"] : [])
  }

  private struct Group {
    let label: String, source: EEGEvent.Source; var count: Int; let first: Double; var last: Double
  }

  /// Events of one label and source, the most frequent ones first.
  private static func groups(_ events: [EEGEvent]) -> [Group] {
    var groups: [String: Group] = [:]
    for event in events {
      let key = "\(event.source) \(event.label)"
      var group =
        groups[key]
        ?? Group(
          label: event.label, source: event.source, count: 0, first: event.onset, last: event.onset)
      group.count += 1
      group.last = event.onset
      groups[key] = group
    }
    return groups.values.sorted { ($1.count, $0.first, $0.label) < ($0.count, $1.first, $1.label) }
  }

  /// At most four digits that count.
  private static func text(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e7 { return String(format: "%.0f", value) }
    return String(format: "%.4g", value)
  }

  /// Texts of files may hold anything; a table is made of short lines.
  private static func printable(_ text: String, _ length: Int) -> String {
    let clean = String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
    return clean.count <= length ? clean : "\(clean.prefix(length - 1))…"
  }

  // MARK: - JSON

  var json: JSONValue {
    .object([
      ("file", .string(recording.source)), ("format", .string(recording.format)),
      ("start_time", .optional(recording.startTime?.description)), ("duration_s", .number(recording.duration)),
      ("channels", .array(recording.channels.enumerated().map(json))),
      (
        "segments",
        .array(
          timeline.segments.map {
            .object([
              ("onset_s", .number($0.onset)), ("start_s", .number($0.start)), ("duration_s", .number($0.duration)),
            ])
          })
      ),
      ("events", .array(timeline.events.map(json))),
      ("warnings", .array(recording.findings(timeline, statistics).map(JSONValue.string))),
    ])
  }

  private func json(_ index: Int, _ channel: EEGChannel) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [
      ("label", .string(channel.label)), ("kind", .string(channel.kind.rawValue)), ("unit", .string(channel.unit)),
      ("sampling_rate_hz", .number(channel.samplingRate)), ("samples", .int(channel.sampleCount)),
      ("bad", .bool(channel.isBad)),
    ]
    if !channel.remark.isEmpty { members.append(("remark", .string(channel.remark))) }
    if !channel.transducer.isEmpty { members.append(("transducer", .string(channel.transducer))) }
    if !channel.prefiltering.isEmpty { members.append(("prefiltering", .string(channel.prefiltering))) }
    if let values = statistics?[index] {
      members += [
        ("minimum", values.count > 0 ? .number(values.minimum) : .null),
        ("maximum", values.count > 0 ? .number(values.maximum) : .null),
        ("mean", values.count > 0 ? .number(values.mean) : .null),
        ("standard_deviation", values.count > 0 ? .number(values.standardDeviation) : .null),
        ("not_finite", .int(values.notFiniteCount)), ("clipped", .int(values.clippedCount)),
        ("flat", .bool(values.isFlat)),
      ]
    }
    return .object(members)
  }

  private func json(_ event: EEGEvent) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [
      ("onset_s", .number(event.onset)), ("duration_s", .number(event.duration)), ("label", .string(event.label)),
      ("source", .string(event.source.rawValue)),
    ]
    if !event.details.isEmpty {
      members.append(
        ("details", .object(event.details.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
    }
    return .object(members)
  }
}
