import OneiroGraph
import OneiroModel

extension EEGRecording {
  /// Takes in what files beside a recording of a BIDS dataset say: kinds of channels, units where the recording has
  /// none, bad channels, places of electrodes, events, mains frequency and reference. Where they contradict the
  /// recording, it is followed, and a warning says so.
  mutating func addSidecars(_ sidecars: BIDSSidecars) throws(GraphError) {
    files += sidecars.descriptions
    files += [sidecars.channels, sidecars.events, sidecars.electrodes, sidecars.coordinates].compactMap(\.self)
    for path in sidecars.descriptions {
      let description = try MappedFile(path).withBytes { (bytes) throws(GraphError) in
        try JSONText.decode(BIDSDescription.self, bytes, file: path, subject: "the description")
      }
      mainsFrequency = description.mainsFrequency ?? mainsFrequency
      reference = description.reference ?? reference
      let rates = Set(channels.filter { $0.kind != .trigger }.map(\.samplingRate))
      if let rate = description.samplingRate, rates.count == 1, let own = rates.first, abs(rate - own) > 1e-3 * own {
        warnings.append("\(BIDSSidecars.split(path).name) says \(rate) Hz, the recording \(own) Hz: that is taken")
      }
    }
    if let path = sidecars.channels { try addChannels(TabularFile(path)) }
    if let path = sidecars.electrodes { try addElectrodes(TabularFile(path), sidecars.coordinates) }
    if let path = sidecars.events { try addEvents(TabularFile(path)) }
  }

  private mutating func addChannels(_ table: TabularFile) throws(GraphError) {
    let file = BIDSSidecars.split(table.path).name
    var places: [String: Int] = [:]
    for (index, channel) in channels.enumerated().reversed() { places[channel.label] = index }
    var seen: Set<Int> = []
    for row in table.rows {
      guard let label = table.value(row, "name") else { continue }
      guard let index = places[label] else {
        warnings.append("\(file) tells of a channel \"\(label.prefix(40))\", which is not in the recording")
        continue
      }
      seen.insert(index)
      if let kind = table.value(row, "type").flatMap(EEGChannel.Kind.init(bids:)) { channels[index].kind = kind }
      channels[index].isBad = table.value(row, "status")?.lowercased() == "bad"
      channels[index].remark = table.value(row, "status_description") ?? ""
      guard let unit = table.value(row, "units") else { continue }
      if channels[index].unit.isEmpty {
        channels[index].unit = unit
      } else if let told = VoltageUnit.microvolts(unit), let own = channels[index].microvoltsPerUnit, told != own {
        warnings.append("\(file) says \(unit) for \(label), the recording \(channels[index].unit): that is taken")
      }
    }
    let missing = channels.indices.filter { !seen.contains($0) }.map { channels[$0].label }
    if !missing.isEmpty { warnings.append("\(file) does not tell of \(missing.prefix(8).joined(separator: ", "))") }
    if warnings.count > 40 { warnings = warnings.prefix(39) + ["and \(warnings.count - 39) more warnings"] }
  }

  private mutating func addElectrodes(_ table: TabularFile, _ coordinates: String?) throws(GraphError) {
    let system = try coordinates.map { (path) throws(GraphError) in
      try MappedFile(path).withBytes { (bytes) throws(GraphError) in
        try JSONText.decode(BIDSCoordinates.self, bytes, file: path, subject: "the description").system
      }
    }
    let places = try ElectrodeTable(table, system: system ?? nil)
    if let warning = places.warning { warnings.append(warning) }
    for index in channels.indices { channels[index].position = places.positions[channels[index].label] }
  }

  /// The table's events are those that somebody looked after: they replace the recording's own.
  private mutating func addEvents(_ table: TabularFile) throws(GraphError) {
    var events: [EEGEvent] = []
    for (number, row) in table.rows.enumerated() {
      guard let onset = table.value(row, "onset").flatMap({ HeaderText.number($0) }) else {
        throw .mismatch(
          file: table.path, "row \(number + 1): onset", expected: "seconds",
          found: "\"\(table.value(row, "onset") ?? "n/a")\"")
      }
      var details: [String: String] = [:]
      for column in table.columns where column != "onset" && column != "duration" {
        details[column] = table.value(row, column)
      }
      let label = ["trial_type", "value", "stim_file"].lazy.compactMap { details[$0] }.first ?? "n/a"
      events.append(
        EEGEvent(
          onset: onset, duration: max(0, table.value(row, "duration").flatMap { HeaderText.number($0) } ?? 0),
          label: label, source: .table, details: details))
    }
    let inner = scan
    scan = { [events] () throws(GraphError) in
      let own = try inner()
      return EEGTimeline(segments: own.segments, events: events, warnings: own.warnings)
    }
  }
}

/// What is of use in `_eeg.json`. Each may be "n/a", or of another type than BIDS asks for: then it is not known.
private struct BIDSDescription: Decodable {
  let samplingRate: Double?, mainsFrequency: Double?
  let reference: String?

  enum CodingKeys: String, CodingKey {
    case samplingRate = "SamplingFrequency", mainsFrequency = "PowerLineFrequency", reference = "EEGReference"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    samplingRate = try? container.decode(Double.self, forKey: .samplingRate)
    mainsFrequency = try? container.decode(Double.self, forKey: .mainsFrequency)
    reference = try? container.decode(String.self, forKey: .reference)
  }
}

private struct BIDSCoordinates: Decodable {
  let system: String?

  enum CodingKeys: String, CodingKey { case system = "EEGCoordinateSystem" }
}

extension EEGChannel.Kind {
  /// BIDS's column `type`; `nil` for what is none of its words.
  fileprivate init?(bids type: String) {
    switch type.uppercased() {
    case "EEG": self = .eeg
    case "EOG", "HEOG", "VEOG": self = .eog
    case "ECG": self = .ecg
    case "EMG": self = .emg
    case "TRIG", "SYSCLOCK": self = .trigger
    case "MISC", "OTHER", "REF", "AUDIO", "EYEGAZE", "GSR", "PUPIL", "RESP", "TEMP", "ADC", "DAC", "PPG": self = .other
    default: return nil
    }
  }
}
