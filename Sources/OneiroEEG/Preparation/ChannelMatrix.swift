import OneiroGraph

extension ChannelMap {
  /// The map with everything else that is linear in the channels: the reference, and units.
  public struct Matrix: Sendable {
    /// Channels of the recording: the columns.
    public let channels: [Int]
    /// [electrodes][channels], from channels in their units to the model's.
    public let rows: [[Double]]
    public let warnings: [String]
  }

  /// - unusable: as for `init`.
  public func matrix(
    _ recording: EEGRecording, reference: EEGReference, microvoltsPerUnit: Double, unusable: [Int: String]
  ) throws(GraphError) -> Matrix {
    let reference = try references(recording, reference, unusable)
    let channels = Set(self.channels).union(reference).sorted()
    let columns = Dictionary(uniqueKeysWithValues: channels.enumerated().map { ($1, $0) })
    var warnings: [String] = []
    // Arrays name no units: their numbers are taken for the model's.
    let isArray = recording.isSetOfTrials
    let unnamed = channels.filter { !isArray && recording.channels[$0].microvoltsPerUnit == nil }
    if !unnamed.isEmpty {
      let labels = unnamed.map { recording.channels[$0].label }
      warnings.append("no unit of voltage, taken for microvolts: \(Self.list(labels))")
    }
    let factors = channels.map {
      isArray ? 1 : (recording.channels[$0].microvoltsPerUnit ?? 1) / microvoltsPerUnit
    }
    let rows = weights.map { weights -> [Double] in
      var row = [Double](repeating: 0, count: channels.count)
      for (channel, weight) in zip(self.channels, weights) { if let column = columns[channel] { row[column] = weight } }
      let share = reference.isEmpty ? 0 : weights.reduce(0, +) / Double(reference.count)
      for channel in reference { if let column = columns[channel] { row[column] -= share } }
      return zip(row, factors).map { $0 * $1 }
    }
    return Matrix(channels: channels, rows: rows, warnings: warnings)
  }

  /// Channels whose mean is taken off.
  private func references(
    _ recording: EEGRecording, _ reference: EEGReference, _ unusable: [Int: String]
  ) throws(GraphError) -> [Int] {
    switch reference {
    case .recorded: return []
    case .average:
      return recording.channels.indices.filter { recording.channels[$0].kind == .eeg && unusable[$0] == nil }
    case .channels(let labels):
      var channels: [Int] = []
      for label in labels {
        let found = recording.channel(labelled: label)
        guard let found, unusable[found] == nil else {
          throw .mismatch(
            file: recording.source, "reference", expected: "channels that can be used",
            found: "\"\(label)\"\(found.flatMap { unusable[$0] }.map { ", which is \($0)" } ?? ", which is not there")")
        }
        channels.append(found)
      }
      return channels
    }
  }
}

extension EEGRecording {
  /// The channel of that label, whatever it is spelled like and whatever it is called beside EEG.
  func channel(labelled label: String) -> Int? {
    let wanted = ElectrodeName.standard(label) ?? label.lowercased()
    return channels.indices.first {
      let own = channels[$0].label
      return own == label || (ElectrodeName.standard(own) ?? own.lowercased()) == wanted
    }
  }

  /// Channels that trials may be made from: those of EEG, and those that potentials are measured against.
  func candidates(_ reference: EEGReference) -> [Int] {
    var candidates = Set(channels.indices.filter { channels[$0].kind == .eeg })
    if case .channels(let labels) = reference { candidates.formUnion(labels.compactMap(channel)) }
    return candidates.sorted()
  }
}
