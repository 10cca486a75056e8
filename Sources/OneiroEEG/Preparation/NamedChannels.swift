import OneiroGraph

/// A recording's channels beside a model's electrodes of the same names.
struct NamedChannels {
  private let montage: Montage
  private let usable: [Int]
  private let labels: [String]
  /// Of each electrode, the channel that has its name.
  private let found: [Int?]
  /// Of each channel, its place on the head: that of its name, as the model's are; for other names the measured one.
  private let places: [SIMD3<Double>?]
  /// Channels whose place on the head is known.
  private let placed: [Int]
  private var warnings: [String] = []

  init(_ recording: EEGRecording, _ montage: Montage, _ usable: [Int]) {
    self.montage = montage
    self.usable = usable
    labels = recording.channels.map(\.label)
    var found = [Int?](repeating: nil, count: montage.count)
    for channel in usable {
      guard let electrode = montage.index(of: labels[channel]) else { continue }
      if let first = found[electrode] {
        warnings.append(
          "channels \(labels[first]) and \(labels[channel]) are both \(montage.names[electrode]): the first is taken")
      } else {
        found[electrode] = channel
      }
    }
    self.found = found
    let places = recording.channels.map { montage.position(of: $0.label) ?? $0.position }
    self.places = places
    placed = usable.filter { places[$0] != nil }
  }

  private var missing: [Int] { found.indices.filter { found[$0] == nil } }

  /// Whether names lead anywhere: some channel is an electrode, or is somewhere that others can be computed from.
  var isUseful: Bool {
    guard !montage.names.isEmpty else { return false }
    return missing.isEmpty || !placed.isEmpty && missing.allSatisfy { montage.positions[$0] != nil }
  }

  func map(in recording: EEGRecording) throws(GraphError) -> ChannelMap {
    guard !montage.names.isEmpty else {
      throw .mismatch(
        file: recording.source, "channel map", expected: "a model that names its electrodes",
        found: "one that does not (--channel-map order takes channels in their order)")
    }
    let measured = found.compactMap(\.self), read = Set(measured).union(placed)
    let channels = missing.isEmpty ? measured : usable.filter(read.contains)
    let columns = Dictionary(uniqueKeysWithValues: channels.enumerated().map { ($1, $0) })
    var weights = found.map { channel -> [Double] in
      var row = [Double](repeating: 0, count: channels.count)
      if let channel, let column = columns[channel] { row[column] = 1 }
      return row
    }
    if !missing.isEmpty {
      for electrode in missing where montage.positions[electrode] == nil {
        throw .mismatch(
          file: recording.source, "electrode \"\(montage.names[electrode])\" of the model",
          expected: "a channel of that name, because its place on the head is not known", found: "none")
      }
      let sources = placed.compactMap { channel in places[channel].map { (channel, $0) } }
      let targets = missing.compactMap { montage.positions[$0] }
      guard let made = SphericalSpline.weights(from: sources.map(\.1), to: targets) else {
        throw .mismatch(
          file: recording.source, "channels", expected: "some with names of the 10-05 system or of the model",
          found: ChannelMap.list(usable.map { labels[$0] }))
      }
      for (row, electrode) in missing.enumerated() {
        for (weight, source) in zip(made[row], sources) {
          if let column = columns[source.0] { weights[electrode][column] = weight }
        }
      }
    }
    var warnings = warnings
    let unknown = usable.filter { places[$0] == nil && montage.index(of: labels[$0]) == nil }
    if !unknown.isEmpty {
      warnings.append(
        "left out, since nobody knows where they are: \(ChannelMap.list(unknown.map { labels[$0] }))")
    }
    return ChannelMap(
      .names, found.map { $0.map(ChannelMap.Origin.measured) ?? .interpolated }, channels: channels, weights: weights,
      warnings: warnings)
  }
}
