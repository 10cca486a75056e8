import OneiroGraph

/// Which of a recording's channels stand for which of a model's electrodes.
public struct ChannelMap: Sendable {
  public enum Method: String, Sendable, CaseIterable {
    /// By names where there are such, otherwise in order where there are as many channels as electrodes.
    case auto
    /// By names; what is missing comes from spherical splines.
    case names
    /// The first channel is the first electrode.
    case order
    /// As the original code does it: channels are repeated until there are enough.
    case reference
  }

  /// Where an electrode's signal comes from.
  public enum Origin: Sendable, Equatable {
    /// The channel's number in the recording.
    case measured(Int)
    case repeated(Int)
    /// Made up from all measured ones.
    case interpolated
  }

  /// What was done: never `.auto`.
  public let method: Method
  /// Of each electrode of the model.
  public let origins: [Origin]
  /// Channels of the recording that are read: the columns of `weights`.
  public let channels: [Int]
  /// [electrodes][channels].
  public let weights: [[Double]]
  public internal(set) var warnings: [String] = []

  public var measuredCount: Int { origins.count { if case .measured = $0 { true } else { false } } }
  public var inventedCount: Int { origins.count - measuredCount }

  /// - unusable: channels that are taken for missing, by their numbers, and why: "flat".
  public init(
    _ recording: EEGRecording, to montage: Montage, method: Method = .auto, unusable: [Int: String] = [:]
  ) throws(GraphError) {
    let candidates = recording.channels.indices.filter { recording.channels[$0].kind == .eeg }
    let usable = candidates.filter { unusable[$0] == nil }
    guard !usable.isEmpty else {
      throw .mismatch(
        file: recording.source, "channels", expected: "channels of EEG that can be used",
        found: candidates.isEmpty ? "none" : "\(candidates.count) that are \(unusable.values.sorted().first ?? "bad")")
    }
    let named = NamedChannels(recording, montage, usable)
    switch method {
    case .names: self = try named.map(in: recording)
    case .order: self = try Self.inOrder(recording, montage, candidates, unusable)
    case .reference: self = Self.repeating(recording, montage, usable)
    case .auto:
      if named.isUseful {
        self = try named.map(in: recording)
      } else if candidates.count == montage.count {
        self = try Self.inOrder(recording, montage, candidates, unusable)
      } else {
        let names = montage.names.isEmpty ? "" : " (\(Self.list(montage.names)))"
        throw .mismatch(
          file: recording.source, "channels",
          expected: "names of the model's \(montage.count) electrodes\(names), or as many channels of EEG "
            + "(or --channel-map reference, which repeats them)",
          found: "\(candidates.count): \(Self.list(candidates.map { recording.channels[$0].label }))")
      }
    }
    let left = unusable.filter { candidates.contains($0.key) }
    for (reason, numbers) in Dictionary(grouping: left.keys, by: { left[$0] ?? "" }).sorted(by: { $0.key < $1.key }) {
      let labels = numbers.sorted().map { recording.channels[$0].label }
      warnings.append("taken for missing because \(reason): \(Self.list(labels))")
    }
    let how = self.method == .reference ? "repetition" : "splines"
    if measuredCount == 0 {
      warnings.append(
        "no electrode of the recording is at a place of the model's \(origins.count): all are invented from "
          + "\(self.channels.count) elsewhere (\(how))")
    } else if inventedCount > 0 {
      warnings.append(
        "\(measuredCount) of the model's \(origins.count) electrodes were measured, "
          + "\(inventedCount) \(inventedCount == 1 ? "is" : "are") invented from them (\(how))")
    }
  }

  init(_ method: Method, _ origins: [Origin], channels: [Int], weights: [[Double]], warnings: [String] = []) {
    self.method = method
    self.origins = origins
    self.channels = channels
    self.weights = weights
    self.warnings = warnings
  }

  static func list(_ labels: [String]) -> String {
    let shown = labels.prefix(8).joined(separator: ", ")
    return labels.count <= 8 ? shown : "\(shown) and \(labels.count - 8) more"
  }

  private static func inOrder(
    _ recording: EEGRecording, _ montage: Montage, _ candidates: [Int], _ unusable: [Int: String]
  ) throws(GraphError) -> ChannelMap {
    guard candidates.count == montage.count else {
      throw .mismatch(
        file: recording.source, "channels of EEG",
        expected: "\(montage.count) because the model has so many electrodes",
        found: "\(candidates.count)")
    }
    // The places of an order are those of the model.
    let used = montage.positions.indices.filter { unusable[candidates[$0]] == nil }
    let lost = montage.positions.indices.filter { unusable[candidates[$0]] != nil }
    var weights = montage.positions.indices.map { electrode in
      used.map { $0 == electrode ? 1.0 : 0.0 }
    }
    if !lost.isEmpty {
      let places = montage.positions.compactMap(\.self)
      guard places.count == montage.count,
        let made = SphericalSpline.weights(from: used.map { places[$0] }, to: lost.map { places[$0] })
      else {
        throw .mismatch(
          file: recording.source, "channel \"\(recording.channels[candidates[lost[0]]].label)\"",
          expected: "a channel that can be used, because the model does not say where its electrodes are",
          found: "one that is \(unusable[candidates[lost[0]]] ?? "bad")")
      }
      for (row, electrode) in lost.enumerated() { weights[electrode] = made[row] }
    }
    return ChannelMap(
      .order, montage.positions.indices.map { lost.contains($0) ? .interpolated : .measured(candidates[$0]) },
      channels: used.map { candidates[$0] }, weights: weights)
  }

  /// Whole copies of the channels, then the first of them once more.
  private static func repeating(_ recording: EEGRecording, _ montage: Montage, _ usable: [Int]) -> ChannelMap {
    let channels = Array(usable.prefix(montage.count))
    var warnings: [String] = []
    if usable.count > montage.count {
      warnings.append("the first \(montage.count) of \(usable.count) channels are taken")
    }
    return ChannelMap(
      .reference,
      (0..<montage.count).map {
        $0 < channels.count ? .measured(channels[$0]) : .repeated(channels[$0 % channels.count])
      },
      channels: channels,
      weights: (0..<montage.count).map { electrode in
        channels.indices.map { $0 == electrode % channels.count ? 1 : 0 }
      }, warnings: warnings)
  }
}
